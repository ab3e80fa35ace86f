# Observables, classifiers and working points.
# Published datasets have no missing energy and no leptons; all samples get the same columns.
EVENT_OBSERVABLES = (
    "--without-event-observables"
    if any(info.definition.source == "spanet_dataset" for info in SAMPLES.values())
    else ""
)


rule features:
    input:
        dataset=f"{RESULTS}/datasets/{{sample}}.h5",
        pairing=lambda w: pairing_file(w.pairing, w.sample),
    output:
        features=f"{RESULTS}/features/{{pairing}}/{{sample}}.h5",
    log:
        f"{RESULTS}/logs/features/{{pairing}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/features/{{pairing}}/{{sample}}.tsv"
    params:
        columns=EVENT_OBSERVABLES,
        code=command("selection:features"),
    message:
        "Building observables: {wildcards.sample}, {wildcards.pairing} pairing"
    shell:
        "hh4b features {input.dataset} {input.pairing} -o {output.features} {params.columns}"
        " > {log} 2>&1"


rule dnn_train:
    input:
        signal_datasets=signal_datasets,
        signal_features=signal_features,
        background_datasets=paths("datasets/{sample}.h5", BACKGROUNDS),
        background_features=background_features,
        search=lambda w: search_outcome(DNNS[w.classifier]),
    output:
        model=f"{RESULTS}/models/{{classifier}}/repeat_{{repeat}}/model.pt",
        metrics=f"{RESULTS}/models/{{classifier}}/repeat_{{repeat}}/metrics.csv",
        training=f"{RESULTS}/models/{{classifier}}/repeat_{{repeat}}/training.json",
        evaluation=(
            f"{RESULTS}/models/{{classifier}}/repeat_{{repeat}}/evaluation.json"
        ),
    log:
        f"{RESULTS}/logs/dnn_train/{{classifier}}_{{repeat}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dnn_train/{{classifier}}_{{repeat}}.tsv"
    wildcard_constraints:
        classifier=names_pattern(DNNS),
    params:
        folder=lambda w, output: Path(output.model).parent,
        signal=lambda w, input: joined(
            "--signal", input.signal_datasets, input.signal_features
        ),
        background=lambda w, input: joined(
            "--background", input.background_datasets, input.background_features
        ),
        options=lambda w, input: dnn_options(DNNS[w.classifier], input.search),
        seed=lambda w: STUDY.seed + int(w.repeat),
        code=command("selection:dnn_train"),
    message:
        "Training {wildcards.classifier}, repeat {wildcards.repeat}"
    shell:
        "hh4b dnn train {params.signal} {params.background} {params.options}"
        " --evaluation {output.evaluation} --seed {params.seed} -o {params.folder} > {log} 2>&1"


rule dnn_choose:
    input:
        models=lambda w: expand(
            rules.dnn_train.output.model,
            classifier=w.classifier,
            repeat=repeats_of(DNNS[w.classifier]),
        ),
        evaluations=lambda w: expand(
            rules.dnn_train.output.evaluation,
            classifier=w.classifier,
            repeat=repeats_of(DNNS[w.classifier]),
        ),
    output:
        model=f"{RESULTS}/models/{{classifier}}/model.pt",
        evaluation=f"{RESULTS}/models/{{classifier}}/evaluation.json",
    log:
        f"{RESULTS}/logs/dnn_choose/{{classifier}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dnn_choose/{{classifier}}.tsv"
    wildcard_constraints:
        classifier=names_pattern(DNNS),
    params:
        candidates=lambda w, input: joined("", input.models, input.evaluations),
        code=command("selection:choose_repeat"),
    message:
        "Choosing the best training of {wildcards.classifier}"
    shell:
        "hh4b choose-repeat {params.candidates} --model {output.model}"
        " --metrics {output.evaluation} > {log} 2>&1"


rule dnn_predict:
    input:
        model=rules.dnn_choose.output.model,
        datasets=paths("datasets/{sample}.h5", SCORED),
        features=scored_features,
    output:
        scores=scored_files(SCORED),
    log:
        f"{RESULTS}/logs/dnn_predict/{{classifier}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dnn_predict/{{classifier}}.tsv"
    wildcard_constraints:
        classifier=names_pattern(DNNS),
    params:
        scores=score_options,
        kappas=numbers(SCORE_KAPPAS),
        code=command("selection:dnn_predict"),
    message:
        "Scoring all samples with {wildcards.classifier}"
    shell:
        "hh4b dnn predict {input.model} {params.scores}"
        " --kappa-values={params.kappas} > {log} 2>&1"


rule dnn_search_worker:
    input:
        signal_datasets=signal_datasets,
        signal_features=signal_features,
        background_datasets=paths("datasets/{sample}.h5", BACKGROUNDS),
        background_features=background_features,
    output:
        outcome=f"{RESULTS}/searches/{{search}}/worker_{{worker}}.json",
    log:
        f"{RESULTS}/logs/dnn_search/{{search}}_{{worker}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dnn_search/{{search}}_{{worker}}.tsv"
    wildcard_constraints:
        search=searches_of("dnn"),
    params:
        signal=lambda w, input: joined(
            "--signal", input.signal_datasets, input.signal_features
        ),
        background=lambda w, input: joined(
            "--background", input.background_datasets, input.background_features
        ),
        storage=lambda w: search_storage(w.search),
        options=lambda w: dnn_options(DNNS[STUDY.searches[w.search].classifier], []),
        # The last of equal options counts.
        size=lambda w: (
            f"--trials {STUDY.searches[w.search].trials}"
            f" --max-epochs {STUDY.searches[w.search].max_epochs}"
        ),
        ranges=lambda w: ranges_option(w.search),
        seed=STUDY.seed,
        code=command("selection:dnn_search"),
    message:
        "Searching hyper-parameters: {wildcards.search}, worker {wildcards.worker}"
    shell:
        "hh4b dnn search {params.signal} {params.background} {params.options} {params.size}"
        " {params.ranges} --storage {params.storage} --worker {wildcards.worker}"
        " --seed {params.seed} -o {output.outcome} > {log} 2>&1"


rule search_outcome:
    input:
        workers=lambda w: [
            f"{RESULTS}/searches/{w.search}/worker_{number}.json"
            for number in range(STUDY.searches[w.search].workers)
        ],
    output:
        outcome=f"{RESULTS}/searches/{{search}}/outcome.json",
    log:
        f"{RESULTS}/logs/search_outcome/{{search}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/search_outcome/{{search}}.tsv"
    params:
        code=command("selection:search_outcome"),
    message:
        "Outcome of the search {wildcards.search}"
    shell:
        "hh4b search-outcome {input.workers} -o {output.outcome} > {log} 2>&1"


rule baseline_train:
    input:
        signal_datasets=signal_datasets,
        signal_features=signal_features,
        background_datasets=paths("datasets/{sample}.h5", BACKGROUNDS),
        background_features=background_features,
        datasets=paths("datasets/{sample}.h5", SCORED),
        features=scored_features,
    output:
        scores=scored_files(SCORED),
    log:
        f"{RESULTS}/logs/baseline_train/{{classifier}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/baseline_train/{{classifier}}.tsv"
    wildcard_constraints:
        classifier=names_pattern(BASELINES),
    params:
        method=lambda w: BASELINES[w.classifier].method,
        signal=lambda w, input: joined(
            "--signal", input.signal_datasets, input.signal_features
        ),
        background=lambda w, input: joined(
            "--background", input.background_datasets, input.background_features
        ),
        scores=score_options,
        kappas=numbers(SCORE_KAPPAS),
        seed=STUDY.seed,
        code=command("selection:baseline_train"),
    message:
        "Training {wildcards.classifier}"
    shell:
        "hh4b baseline train --method {params.method} {params.signal} {params.background}"
        " {params.scores} --kappa-values={params.kappas} --seed {params.seed} > {log} 2>&1"


rule select_cuts:
    input:
        dataset=f"{RESULTS}/datasets/{{sample}}.h5",
        pairing=lambda w: pairing_file(CUTS[w.classifier].pairing, w.sample),
    output:
        scores=f"{RESULTS}/scores/{{classifier}}/{{sample}}.h5",
        cutflow=f"{RESULTS}/cutflows/{{classifier}}/{{sample}}.json",
    log:
        f"{RESULTS}/logs/select_cuts/{{classifier}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/select_cuts/{{classifier}}/{{sample}}.tsv"
    wildcard_constraints:
        classifier=names_pattern(CUTS),
    params:
        kappas=numbers(SCORE_KAPPAS),
        code=command("selection:select_cuts"),
    message:
        "Cutting on {wildcards.sample}: {wildcards.classifier}"
    shell:
        "hh4b select cuts {input.dataset} {input.pairing} -o {output.scores}"
        " --cutflow {output.cutflow} --kappa-values={params.kappas} > {log} 2>&1"


rule evaluate_classifier:
    input:
        signal_datasets=signal_datasets,
        signal_scores=signal_scores,
        background_datasets=paths("datasets/{sample}.h5", BACKGROUNDS),
        background_scores=score_files(BACKGROUNDS),
    output:
        metrics=f"{RESULTS}/metrics/classification/{{classifier}}.json",
    log:
        f"{RESULTS}/logs/evaluate_classifier/{{classifier}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate_classifier/{{classifier}}.tsv"
    params:
        signal=lambda w, input: joined(
            "--signal", input.signal_datasets, input.signal_scores
        ),
        background=lambda w, input: joined(
            "--background", input.background_datasets, input.background_scores
        ),
        code=command("selection:evaluate_classifier"),
    message:
        "Accuracy, AUC and ROC of {wildcards.classifier}"
    shell:
        "hh4b evaluate-classifier {params.signal} {params.background} --part testing"
        " -o {output.metrics} > {log} 2>&1"


rule working_point:
    input:
        signal_datasets=signal_datasets,
        signal_scores=signal_scores,
        background_datasets=paths("datasets/{sample}.h5", BACKGROUNDS),
        background_scores=score_files(BACKGROUNDS),
    output:
        working_point=f"{RESULTS}/working_points/{{selection}}.json",
    log:
        f"{RESULTS}/logs/working_point/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/working_point/{{selection}}.tsv"
    params:
        signal=lambda w, input: joined(
            "--signal", input.signal_datasets, input.signal_scores
        ),
        background=lambda w, input: joined(
            "--background", input.background_datasets, input.background_scores
        ),
        criterion=lambda w: (
            "--criterion s_over_sqrt_b"
            if STUDY.selections[w.selection].threshold == "s_over_sqrt_b"
            else f"--criterion fixed --threshold {STUDY.selections[w.selection].threshold}"
        ),
        minimum=lambda w: STUDY.selections[w.selection].min_background_events,
        code=command("selection:working_point"),
    message:
        "Working point of {wildcards.selection}"
    shell:
        "hh4b working-point {params.signal} {params.background} {params.criterion}"
        " --min-background-events {params.minimum} -o {output.working_point} > {log} 2>&1"
