# SPANet2: any number of named trainings, and what they predict.


rule spanet_train:
    input:
        dataset=lambda w: LAYOUT.training_file(w.training, "training", w.repeat),
        options=lambda w: STUDY.spanet_trainings[w.training].options,
        event="config/spanet/event.yaml",
        search=lambda w: FILES.outcome(STUDY.spanet_trainings[w.training]),
    output:
        model=f"{RESULTS}/models/spanet/{{training}}/repeat_{{repeat}}/model.pt",
        metrics=f"{RESULTS}/models/spanet/{{training}}/repeat_{{repeat}}/metrics.csv",
    log:
        f"{RESULTS}/logs/spanet_train/{{training}}_{{repeat}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_train/{{training}}_{{repeat}}.tsv"
    group:
        step("spanet_train")
    threads: STUDY.threads_per_training
    resources:
        **needs("spanet_train"),
        gpu=STUDY.gpus_per_training,
        request_gpus=STUDY.gpus_per_training,
    params:
        folder=lambda w, output: os.path.dirname(output.model),
        search=lambda w, input: option("--search", input.get("search", [])),
        settings=settings("spanet_train", "training", "repeat"),
        code=command("spanet:train"),
    message:
        "Training SPANet2: {wildcards.training}, repeat {wildcards.repeat}"
    shell:
        "hh4b spanet train --options {input.options:q} {params.search} --event {input.event:q}"
        " --train {input.dataset:q} -o {params.folder:q} --settings {params.settings:q} > {log:q} 2>&1"


rule spanet_evaluate:
    input:
        model=rules.spanet_train.output.model,
        dataset=lambda w: LAYOUT.training_file(w.training, "testing"),
    output:
        metrics=f"{RESULTS}/metrics/spanet/{{training}}/repeat_{{repeat}}.json",
    log:
        f"{RESULTS}/logs/spanet_evaluate/{{training}}_{{repeat}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_evaluate/{{training}}_{{repeat}}.tsv"
    wildcard_constraints:
        training=names_pattern([] if LAYOUT.folds else STUDY.spanet_trainings),
    group:
        step("spanet_evaluate")
    threads: STUDY.threads_per_training
    resources:
        **needs("spanet_evaluate"),
    params:
        settings=settings("spanet_evaluate"),
        code=command("spanet:evaluate"),
    message:
        "Evaluating SPANet2: {wildcards.training}, repeat {wildcards.repeat}"
    shell:
        "hh4b spanet evaluate {input.model:q} {input.dataset:q} -o {output.metrics:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule spanet_choose:
    input:
        models=lambda w: [
            LAYOUT.spanet_model(w.training, repeat)
            for repeat in LAYOUT.repeats(STUDY.spanet_trainings[w.training])
        ],
        metrics=lambda w: [
            LAYOUT.spanet_metrics(w.training, repeat)
            for repeat in LAYOUT.repeats(STUDY.spanet_trainings[w.training])
        ],
    output:
        model=f"{RESULTS}/models/spanet/{{training}}/model.pt",
        metrics=f"{RESULTS}/metrics/spanet/{{training}}.json",
    log:
        f"{RESULTS}/logs/spanet_choose/{{training}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_choose/{{training}}.tsv"
    wildcard_constraints:
        training=names_pattern([] if LAYOUT.folds else STUDY.spanet_trainings),
    group:
        step("spanet_choose")
    resources:
        **needs("spanet_choose"),
    params:
        candidates=lambda w, input: option("", input.models, input.metrics),
        code=command("selection:choose_repeat"),
    message:
        "Choosing the best training of {wildcards.training}"
    shell:
        "hh4b choose-repeat {params.candidates} --model {output.model:q}"
        " --metrics {output.metrics:q} > {log:q} 2>&1"


# With folds all their networks are used, each for the events it did not see; none is chosen.
rule spanet_evaluate_folds:
    input:
        models=lambda w: LAYOUT.spanet_models(w.training),
        datasets=lambda w: [
            LAYOUT.training_file(w.training, "testing", repeat)
            for repeat in LAYOUT.repeats(STUDY.spanet_trainings[w.training])
        ],
    output:
        metrics=f"{RESULTS}/metrics/spanet/{{training}}.json",
        folds=[
            f"{RESULTS}/metrics/spanet/{{training}}/repeat_{fold}.json"
            for fold in range(LAYOUT.folds)
        ],
    log:
        f"{RESULTS}/logs/spanet_evaluate_folds/{{training}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_evaluate_folds/{{training}}.tsv"
    wildcard_constraints:
        training=names_pattern(FILES.trainings(every_fold=True)),
    group:
        step("spanet_evaluate_folds")
    threads: STUDY.threads_per_training
    resources:
        **needs("spanet_evaluate_folds"),
    params:
        folds=lambda w, input, output: option(
            "", input.models, input.datasets, output.folds
        ),
        settings=settings("spanet_evaluate_folds"),
        code=command("spanet:evaluate_folds"),
    message:
        "Evaluating SPANet2, each network on the events it did not see: {wildcards.training}"
    shell:
        "hh4b spanet evaluate-folds {params.folds} -o {output.metrics:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


# The same for a training that measures only, and has networks for the first folds.
rule spanet_evaluate_some_folds:
    input:
        models=lambda w: LAYOUT.spanet_models(w.training),
        datasets=lambda w: [
            LAYOUT.training_file(w.training, "testing", repeat)
            for repeat in LAYOUT.repeats(STUDY.spanet_trainings[w.training])
        ],
    output:
        metrics=f"{RESULTS}/metrics/spanet/{{training}}.json",
    log:
        f"{RESULTS}/logs/spanet_evaluate_some_folds/{{training}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_evaluate_some_folds/{{training}}.tsv"
    wildcard_constraints:
        training=names_pattern(FILES.trainings(every_fold=False)),
    group:
        step("spanet_evaluate_some_folds")
    threads: STUDY.threads_per_training
    resources:
        **needs("spanet_evaluate_some_folds"),
    params:
        folds=lambda w, input: option("", input.models, input.datasets),
        settings=settings("spanet_evaluate_some_folds"),
        code=command("spanet:evaluate_folds"),
    message:
        "Evaluating SPANet2 on the events its networks did not see: {wildcards.training}"
    shell:
        "hh4b spanet evaluate-folds {params.folds} -o {output.metrics:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule spanet_predict:
    input:
        models=lambda w: LAYOUT.spanet_models(w.training),
        dataset=f"{RESULTS}/{{variation}}datasets/{{sample}}.h5",
    output:
        pairing=f"{RESULTS}/{{variation}}pairings/spanet/{{training}}/{{sample}}.h5",
    log:
        f"{RESULTS}/{{variation}}logs/spanet_predict/{{training}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/{{variation}}benchmarks/spanet_predict/{{training}}/{{sample}}.tsv"
    group:
        step("spanet_predict")
    threads: STUDY.threads_per_training
    resources:
        **needs("spanet_predict"),
    params:
        settings=settings("spanet_predict"),
        code=command("spanet:predict"),
    message:
        "Pairing {wildcards.variation}{wildcards.sample} with {wildcards.training}"
    shell:
        "hh4b spanet predict {input.models:q} {input.dataset:q} --pairing-output {output.pairing:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule spanet_predict_fixed:
    input:
        models=lambda w: LAYOUT.spanet_models(STUDY.pairings[w.pairing].training),
        dataset=f"{RESULTS}/{{variation}}datasets/{{sample}}.h5",
    output:
        pairing=f"{RESULTS}/{{variation}}pairings/{{pairing}}/{{sample}}.h5",
    log:
        f"{RESULTS}/{{variation}}logs/spanet_predict_fixed/{{pairing}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/{{variation}}benchmarks/spanet_predict_fixed/{{pairing}}/{{sample}}.tsv"
    wildcard_constraints:
        pairing=names_pattern(FILES.fixed_kappa_pairings()),
    group:
        step("spanet_predict_fixed")
    threads: STUDY.threads_per_training
    resources:
        **needs("spanet_predict_fixed"),
    params:
        settings=settings("spanet_predict_fixed", "pairing"),
        code=command("spanet:predict"),
    message:
        "Pairing {wildcards.variation}{wildcards.sample} by {wildcards.pairing}"
    shell:
        "hh4b spanet predict {input.models:q} {input.dataset:q} --pairing-output {output.pairing:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule spanet_score:
    input:
        models=lambda w: LAYOUT.spanet_models(w.training),
        dataset=f"{RESULTS}/{{variation}}datasets/{{sample}}.h5",
    output:
        scores=f"{RESULTS}/{{variation}}scores/spanet/{{training}}/{{sample}}.h5",
    log:
        f"{RESULTS}/{{variation}}logs/spanet_score/{{training}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/{{variation}}benchmarks/spanet_score/{{training}}/{{sample}}.tsv"
    group:
        step("spanet_score")
    threads: STUDY.threads_per_training
    resources:
        **needs("spanet_score"),
    params:
        settings=settings("spanet_score", "variation"),
        code=command("spanet:predict"),
    message:
        "Scoring {wildcards.variation}{wildcards.sample} with {wildcards.training}"
    shell:
        "hh4b spanet predict {input.models:q} {input.dataset:q} --scores-output {output.scores:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule spanet_vectors:
    input:
        model=lambda w: LAYOUT.spanet_model(w.training),
        dataset=lambda w: LAYOUT.training_file(w.training, "testing"),
    output:
        prediction=f"{RESULTS}/embeddings/{{training}}/prediction.h5",
        pairing=f"{RESULTS}/embeddings/{{training}}/pairing.h5",
    log:
        f"{RESULTS}/logs/spanet_vectors/{{training}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_vectors/{{training}}.tsv"
    group:
        step("spanet_vectors")
    threads: STUDY.threads_per_training
    resources:
        **needs("spanet_vectors"),
    params:
        settings=settings("spanet_vectors"),
        code=command("spanet:predict"),
    message:
        "Embedding vectors of {wildcards.training}"
    shell:
        "hh4b spanet predict {input.model:q} {input.dataset:q} -o {output.prediction:q}"
        " --pairing-output {output.pairing:q} --settings {params.settings:q} > {log:q} 2>&1"


rule embedding_features:
    input:
        dataset=lambda w: LAYOUT.training_file(w.training, "testing"),
        pairing=rules.spanet_vectors.output.pairing,
        plugins=FILES.plugins(STUDY.features.extra),
    output:
        features=f"{RESULTS}/embeddings/{{training}}/features.h5",
    log:
        f"{RESULTS}/logs/embedding_features/{{training}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/embedding_features/{{training}}.tsv"
    group:
        step("embedding_features")
    resources:
        **needs("embedding_features"),
    params:
        settings=settings("features"),
        code=command("selection:features"),
    message:
        "Observables of the testing events of {wildcards.training}"
    shell:
        "hh4b features {input.dataset:q} {input.pairing:q} -o {output.features:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule embeddings:
    input:
        dataset=lambda w: LAYOUT.training_file(w.training, "testing"),
        prediction=rules.spanet_vectors.output.prediction,
        features=rules.embedding_features.output.features,
    output:
        embeddings=f"{RESULTS}/embeddings/{{training}}/embeddings.json",
    log:
        f"{RESULTS}/logs/embeddings/{{training}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/embeddings/{{training}}.tsv"
    group:
        step("embeddings")
    resources:
        **needs("embeddings"),
    params:
        settings=settings("embeddings"),
        code=command("publication:embeddings"),
    message:
        "Components and clusters of the vectors of {wildcards.training}"
    shell:
        "hh4b embeddings {input.dataset:q}:{input.prediction:q}:{input.features:q}"
        " -o {output.embeddings:q} --settings {params.settings:q} > {log:q} 2>&1"


rule spanet_search_worker:
    input:
        dataset=lambda w: LAYOUT.training_file(
            STUDY.searches[w.search].training, "training"
        ),
        options=lambda w: STUDY.spanet_trainings[
            STUDY.searches[w.search].training
        ].options,
        event="config/spanet/event.yaml",
    output:
        outcome=f"{RESULTS}/searches/{{search}}/worker_{{worker}}.json",
    log:
        f"{RESULTS}/logs/spanet_search/{{search}}_{{worker}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_search/{{search}}_{{worker}}.tsv"
    wildcard_constraints:
        search=names_pattern(FILES.searches("spanet")),
    group:
        step("spanet_search_worker")
    threads: STUDY.threads_per_training
    resources:
        **needs("spanet_search_worker"),
        gpu=STUDY.gpus_per_training,
        request_gpus=STUDY.gpus_per_training,
    params:
        storage=lambda w: LAYOUT.search(w.search, "trials.journal"),
        settings=settings("spanet_search_worker", "search"),
        code=command("spanet:search"),
    message:
        "Searching hyper-parameters: {wildcards.search}, worker {wildcards.worker}"
    shell:
        "hh4b spanet search --options {input.options:q} --event {input.event:q}"
        " --train {input.dataset:q} --settings {params.settings:q} --storage {params.storage:q}"
        " --worker {wildcards.worker:q} -o {output.outcome:q} > {log:q} 2>&1"
