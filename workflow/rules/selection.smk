# Classifiers, working points.


rule dnn_train:
    input:
        unpack(lambda w: FILES.compared("features", w.classifier)),
        search=lambda w: FILES.outcome(STUDY.classifiers[w.classifier]),
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
        classifier=names_pattern(FILES.classifiers("dnn")),
    group:
        step("dnn_train")
    resources:
        **needs("dnn_train"),
    params:
        folder=lambda w, output: os.path.dirname(output.model),
        files=lambda w, input: FILES.compared_option(input),
        search=lambda w, input: option("--search", input.get("search", [])),
        settings=settings("dnn_train", "classifier", "repeat"),
        code=command("selection:dnn_train"),
    message:
        "Training {wildcards.classifier}, repeat {wildcards.repeat}"
    shell:
        "hh4b dnn train {params.files} {params.search} --settings {params.settings:q}"
        " --evaluation {output.evaluation:q} -o {params.folder:q} > {log:q} 2>&1"


rule dnn_choose:
    input:
        models=lambda w: [
            LAYOUT.dnn_model(w.classifier, repeat)
            for repeat in LAYOUT.repeats(STUDY.classifiers[w.classifier])
        ],
        evaluations=lambda w: LAYOUT.repeat_metrics(w.classifier),
    output:
        model=f"{RESULTS}/models/{{classifier}}/model.pt",
        evaluation=f"{RESULTS}/models/{{classifier}}/evaluation.json",
    log:
        f"{RESULTS}/logs/dnn_choose/{{classifier}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dnn_choose/{{classifier}}.tsv"
    wildcard_constraints:
        classifier=names_pattern(FILES.classifiers("dnn")),
    group:
        step("dnn_choose")
    resources:
        **needs("dnn_choose"),
    params:
        candidates=lambda w, input: option("", input.models, input.evaluations),
        code=command("selection:choose_repeat"),
    message:
        "Choosing the best training of {wildcards.classifier}"
    shell:
        "hh4b choose-repeat {params.candidates} --model {output.model:q}"
        " --metrics {output.evaluation:q} > {log:q} 2>&1"


rule dnn_predict:
    input:
        unpack(lambda w: FILES.scored(w.classifier)),
        models=lambda w: LAYOUT.dnn_models(w.classifier),
    output:
        scores=FILES.scores_pattern("dnn"),
    log:
        f"{RESULTS}/logs/dnn_predict/{{classifier}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dnn_predict/{{classifier}}.tsv"
    wildcard_constraints:
        classifier=names_pattern(FILES.classifiers("dnn")),
    group:
        step("dnn_predict")
    resources:
        **needs("dnn_predict"),
    params:
        scores=lambda w, input, output: option(
            "--score", input.datasets, input.features, output.scores
        ),
        settings=settings("dnn_predict"),
        code=command("selection:dnn_predict"),
    message:
        "Scoring all samples with {wildcards.classifier}"
    shell:
        "hh4b dnn predict {input.models:q} {params.scores} --settings {params.settings:q}"
        " > {log:q} 2>&1"


rule dnn_predict_varied:
    input:
        models=lambda w: LAYOUT.dnn_models(w.classifier),
        dataset=f"{RESULTS}/{{variation}}datasets/{{sample}}.h5",
        features=lambda w: FILES.features_of(w.classifier, w.sample, w.variation),
    output:
        scores=f"{RESULTS}/{{variation}}scores/{{classifier}}/{{sample}}.h5",
    log:
        f"{RESULTS}/{{variation}}logs/dnn_predict_varied/{{classifier}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/{{variation}}benchmarks/dnn_predict_varied/{{classifier}}/{{sample}}.tsv"
    wildcard_constraints:
        classifier=names_pattern(FILES.classifiers("dnn")),
        variation=names_pattern(v.prefix for v in LAYOUT.variations),
    group:
        step("dnn_predict_varied")
    resources:
        **needs("dnn_predict_varied"),
    params:
        scores=lambda w, input, output: option(
            "--score", [input.dataset], [input.features], [output.scores]
        ),
        settings=settings("dnn_predict", "variation"),
        code=command("selection:dnn_predict"),
    message:
        "Scoring {wildcards.variation}{wildcards.sample} with {wildcards.classifier}"
    shell:
        "hh4b dnn predict {input.models:q} {params.scores} --settings {params.settings:q}"
        " > {log:q} 2>&1"


rule dnn_importance:
    input:
        unpack(lambda w: FILES.compared("features", w.classifier)),
        models=lambda w: LAYOUT.dnn_models(w.classifier),
    output:
        importance=f"{RESULTS}/importance/{{classifier}}.json",
    log:
        f"{RESULTS}/logs/dnn_importance/{{classifier}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dnn_importance/{{classifier}}.tsv"
    wildcard_constraints:
        classifier=names_pattern(FILES.classifiers("dnn")),
    group:
        step("dnn_importance")
    resources:
        **needs("dnn_importance"),
    params:
        files=lambda w, input: FILES.compared_option(input),
        settings=settings("dnn_importance"),
        code=command("selection:dnn_importance"),
    message:
        "What {wildcards.classifier} loses without each of its inputs"
    shell:
        "hh4b dnn importance {input.models:q} {params.files} --settings {params.settings:q}"
        " -o {output.importance:q} > {log:q} 2>&1"


rule dnn_search_worker:
    input:
        unpack(
            lambda w: FILES.compared("features", STUDY.searches[w.search].classifier)
        ),
    output:
        outcome=f"{RESULTS}/searches/{{search}}/worker_{{worker}}.json",
    log:
        f"{RESULTS}/logs/dnn_search/{{search}}_{{worker}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dnn_search/{{search}}_{{worker}}.tsv"
    wildcard_constraints:
        search=names_pattern(FILES.searches("dnn")),
    group:
        step("dnn_search_worker")
    resources:
        **needs("dnn_search_worker"),
    params:
        files=lambda w, input: FILES.compared_option(input),
        storage=lambda w: LAYOUT.search(w.search, "trials.journal"),
        settings=settings("dnn_search_worker", "search"),
        code=command("selection:dnn_search"),
    message:
        "Searching hyper-parameters: {wildcards.search}, worker {wildcards.worker}"
    shell:
        "hh4b dnn search {params.files} --settings {params.settings:q}"
        " --storage {params.storage:q} --worker {wildcards.worker:q} -o {output.outcome:q}"
        " > {log:q} 2>&1"


rule search_outcome:
    input:
        workers=lambda w: FILES.workers(w.search),
    output:
        outcome=f"{RESULTS}/searches/{{search}}/outcome.json",
    log:
        f"{RESULTS}/logs/search_outcome/{{search}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/search_outcome/{{search}}.tsv"
    localrule: True
    params:
        code=command("selection:search_outcome"),
    message:
        "Outcome of the search {wildcards.search}"
    shell:
        "hh4b search-outcome {input.workers:q} -o {output.outcome:q} > {log:q} 2>&1"


rule baseline_train:
    input:
        unpack(lambda w: FILES.compared("features", w.classifier)),
        unpack(lambda w: FILES.scored(w.classifier)),
        plugins=lambda w: FILES.plugins([STUDY.classifiers[w.classifier].method]),
    output:
        scores=FILES.scores_pattern("baseline"),
    log:
        f"{RESULTS}/logs/baseline_train/{{classifier}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/baseline_train/{{classifier}}.tsv"
    wildcard_constraints:
        classifier=names_pattern(FILES.classifiers("baseline")),
    group:
        step("baseline_train")
    resources:
        **needs("baseline_train"),
    params:
        files=lambda w, input: FILES.compared_option(input),
        scores=lambda w, input, output: option(
            "--score", input.datasets, input.features, output.scores
        ),
        settings=settings("baseline_train", "classifier"),
        code=command("selection:baseline_train"),
    message:
        "Training {wildcards.classifier}"
    shell:
        "hh4b baseline train {params.files} {params.scores}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule select_cuts:
    input:
        dataset=f"{RESULTS}/{{variation}}datasets/{{sample}}.h5",
        pairing=lambda w: FILES.pairing_of_cuts(w.classifier, w.sample, w.variation),
    output:
        scores=f"{RESULTS}/{{variation}}scores/{{classifier}}/{{sample}}.h5",
        cutflow=f"{RESULTS}/{{variation}}cutflows/{{classifier}}/{{sample}}.json",
    log:
        f"{RESULTS}/{{variation}}logs/select_cuts/{{classifier}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/{{variation}}benchmarks/select_cuts/{{classifier}}/{{sample}}.tsv"
    wildcard_constraints:
        classifier=names_pattern(FILES.classifiers("cuts")),
    group:
        step("select_cuts")
    resources:
        **needs("select_cuts"),
    params:
        settings=settings("select_cuts", "classifier"),
        code=command("selection:select_cuts"),
    message:
        "Cutting on {wildcards.variation}{wildcards.sample}: {wildcards.classifier}"
    shell:
        "hh4b select cuts {input.dataset:q} {input.pairing:q} -o {output.scores:q}"
        " --cutflow {output.cutflow:q} --settings {params.settings:q} > {log:q} 2>&1"


rule evaluate_classifier:
    input:
        unpack(lambda w: FILES.compared("scores", w.classifier)),
    output:
        metrics=f"{RESULTS}/metrics/classification/{{classifier}}.json",
    log:
        f"{RESULTS}/logs/evaluate_classifier/{{classifier}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate_classifier/{{classifier}}.tsv"
    group:
        step("evaluate_classifier")
    resources:
        **needs("evaluate_classifier"),
    params:
        files=lambda w, input: FILES.compared_option(input),
        settings=settings("evaluate_classifier"),
        code=command("selection:evaluate_classifier"),
    message:
        "Accuracy, AUC and ROC of {wildcards.classifier}"
    shell:
        "hh4b evaluate-classifier {params.files} --settings {params.settings:q}"
        " -o {output.metrics:q} > {log:q} 2>&1"


rule working_point:
    input:
        unpack(
            lambda w: FILES.compared(
                "scores", STUDY.selections[w.selection].classifier
            )
        ),
    output:
        working_point=f"{RESULTS}/working_points/{{selection}}.json",
    log:
        f"{RESULTS}/logs/working_point/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/working_point/{{selection}}.tsv"
    group:
        step("working_point")
    resources:
        **needs("working_point"),
    params:
        files=lambda w, input: FILES.compared_option(input),
        settings=settings("working_point", "selection"),
        code=command("selection:working_point"),
    message:
        "Working point of {wildcards.selection}"
    shell:
        "hh4b working-point {params.files} --settings {params.settings:q}"
        " -o {output.working_point:q} > {log:q} 2>&1"
