# Observables, classifiers and working points.
rule features:
    input:
        dataset=rules.ingest.output.dataset,
        pairing=lambda w: pairing_file(w.pairing, w.sample),
    output:
        features=f"{RESULTS}/features/{{pairing}}/{{sample}}.h5",
    log:
        f"{RESULTS}/logs/features/{{pairing}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/features/{{pairing}}/{{sample}}.tsv"
    params:
        code=command("selection:features"),
    message:
        "Building observables: {wildcards.sample}, {wildcards.pairing} pairing"
    shell:
        "hh4b features {input.dataset} {input.pairing} -o {output.features} > {log} 2>&1"


rule dnn_train:
    input:
        signal_datasets=paths("datasets/{sample}.h5", SIGNALS),
        signal_features=feature_files(SIGNALS),
        background_datasets=paths("datasets/{sample}.h5", BACKGROUNDS),
        background_features=feature_files(BACKGROUNDS),
    output:
        model=f"{RESULTS}/models/{{classifier}}/model.pt",
        metrics=f"{RESULTS}/models/{{classifier}}/metrics.csv",
        training=f"{RESULTS}/models/{{classifier}}/training.json",
    log:
        f"{RESULTS}/logs/dnn_train/{{classifier}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dnn_train/{{classifier}}.tsv"
    wildcard_constraints:
        classifier="|".join(DNNS) or "none",
    threads: 1
    params:
        folder=lambda w, output: Path(output.model).parent,
        signal=lambda w, input: joined(
            "--signal", input.signal_datasets, input.signal_features
        ),
        background=lambda w, input: joined(
            "--background", input.background_datasets, input.background_features
        ),
        options=lambda w: (
            f"--hidden-dim {DNNS[w.classifier].hidden_dim}"
            f" --n-layers {DNNS[w.classifier].n_layers}"
            f" --learning-rate {DNNS[w.classifier].learning_rate}"
            f" --batch-size {DNNS[w.classifier].batch_size}"
            f" --patience {DNNS[w.classifier].patience}"
            f" --max-epochs {DNNS[w.classifier].max_epochs}"
        ),
        seed=STUDY.seed,
        code=command("selection:dnn_train"),
    message:
        "Training {wildcards.classifier}"
    shell:
        "hh4b dnn train {params.signal} {params.background} {params.options}"
        " --seed {params.seed} --threads {threads} -o {params.folder} > {log} 2>&1"


rule dnn_predict:
    input:
        model=rules.dnn_train.output.model,
        dataset=rules.ingest.output.dataset,
        features=lambda w: feature_file(classifier_pairing(w), w.sample),
    output:
        scores=f"{RESULTS}/scores/{{classifier}}/{{sample}}.h5",
    log:
        f"{RESULTS}/logs/dnn_predict/{{classifier}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dnn_predict/{{classifier}}/{{sample}}.tsv"
    wildcard_constraints:
        classifier="|".join(DNNS) or "none",
    params:
        folder=lambda w, input: Path(input.model).parent,
        kappas=numbers(SCORE_KAPPAS),
        code=command("selection:dnn_predict"),
    message:
        "Scoring {wildcards.sample} with {wildcards.classifier}"
    shell:
        "hh4b dnn predict {params.folder} {input.dataset} {input.features}"
        " --kappa-values={params.kappas} -o {output.scores} > {log} 2>&1"


rule evaluate_classifier:
    input:
        signal_datasets=paths("datasets/{sample}.h5", SIGNALS),
        signal_scores=score_files(SIGNALS),
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
        signal_datasets=paths("datasets/{sample}.h5", SIGNALS),
        signal_scores=score_files(SIGNALS),
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
