# SPANet2: any number of named trainings, and what they predict.
rule datasets_merge:
    input:
        signal=training_datasets("signal"),
        background=training_datasets("background"),
    output:
        dataset=f"{RESULTS}/trainings/{{training}}/{{part}}.h5",
    log:
        f"{RESULTS}/logs/datasets_merge/{{training}}_{{part}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/datasets_merge/{{training}}_{{part}}.tsv"
    wildcard_constraints:
        part="training|testing",
    params:
        limit=lambda w: (
            f"--max-events-per-sample {TRAININGS[w.training].max_events_per_sample}"
            if TRAININGS[w.training].max_events_per_sample
            else ""
        ),
        seed=STUDY.seed,
        code=command("events:merge"),
    message:
        "Merging the {wildcards.part} events of {wildcards.training}"
    shell:
        "hh4b datasets merge {input.signal} {input.background} -o {output.dataset}"
        " --part {wildcards.part} --balance --shuffle-seed {params.seed} {params.limit}"
        " > {log} 2>&1"


rule spanet_train:
    input:
        dataset=f"{RESULTS}/trainings/{{training}}/training.h5",
        options=lambda w: TRAININGS[w.training].options,
        event="config/spanet/event.yaml",
        search=lambda w: search_outcome(TRAININGS[w.training]),
    output:
        model=f"{RESULTS}/models/spanet/{{training}}/repeat_{{repeat}}/model.pt",
        metrics=f"{RESULTS}/models/spanet/{{training}}/repeat_{{repeat}}/metrics.csv",
    log:
        f"{RESULTS}/logs/spanet_train/{{training}}_{{repeat}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_train/{{training}}_{{repeat}}.tsv"
    threads: STUDY.threads_per_training
    resources:
        gpu=STUDY.gpus_per_training,
    params:
        folder=lambda w, output: Path(output.model).parent,
        changes=lambda w: set_options(w.training),
        search=lambda w, input: f"--search {input.search}" if input.search else "",
        epochs=lambda w: (
            f"--epochs {TRAININGS[w.training].epochs}"
            if TRAININGS[w.training].epochs
            else ""
        ),
        gpus=STUDY.gpus_per_training,
        # Not the threads that Snakemake grants: the result must not depend on --cores.
        threads=STUDY.threads_per_training,
        seed=lambda w: STUDY.seed + int(w.repeat),
        code=command("spanet:train"),
    message:
        "Training SPANet2: {wildcards.training}, repeat {wildcards.repeat}"
    shell:
        "hh4b spanet train --options {input.options} {params.changes} {params.search} --event {input.event}"
        " --train {input.dataset} -o {params.folder} --seed {params.seed} --num-gpu {params.gpus}"
        " --threads {params.threads} {params.epochs} > {log} 2>&1"


rule spanet_evaluate:
    input:
        model=rules.spanet_train.output.model,
        dataset=f"{RESULTS}/trainings/{{training}}/testing.h5",
    output:
        metrics=f"{RESULTS}/metrics/spanet/{{training}}/repeat_{{repeat}}.json",
    log:
        f"{RESULTS}/logs/spanet_evaluate/{{training}}_{{repeat}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_evaluate/{{training}}_{{repeat}}.tsv"
    threads: STUDY.threads_per_training
    params:
        gpus=STUDY.gpus_per_training,
        threads=STUDY.threads_per_training,
        code=command("spanet:evaluate"),
    message:
        "Evaluating SPANet2: {wildcards.training}, repeat {wildcards.repeat}"
    shell:
        "hh4b spanet evaluate {input.model} {input.dataset} -o {output.metrics}"
        " --num-gpu {params.gpus} --threads {params.threads} > {log} 2>&1"


rule spanet_choose:
    input:
        models=lambda w: expand(
            rules.spanet_train.output.model,
            training=w.training,
            repeat=repeats_of(TRAININGS[w.training]),
        ),
        metrics=lambda w: expand(
            rules.spanet_evaluate.output.metrics,
            training=w.training,
            repeat=repeats_of(TRAININGS[w.training]),
        ),
    output:
        model=f"{RESULTS}/models/spanet/{{training}}/model.pt",
        metrics=f"{RESULTS}/metrics/spanet/{{training}}.json",
    log:
        f"{RESULTS}/logs/spanet_choose/{{training}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_choose/{{training}}.tsv"
    params:
        candidates=lambda w, input: joined("", input.models, input.metrics),
        code=command("selection:choose_repeat"),
    message:
        "Choosing the best training of {wildcards.training}"
    shell:
        "hh4b choose-repeat {params.candidates} --model {output.model}"
        " --metrics {output.metrics} > {log} 2>&1"


rule spanet_predict:
    input:
        model=rules.spanet_choose.output.model,
        dataset=f"{RESULTS}/datasets/{{sample}}.h5",
    output:
        pairing=f"{RESULTS}/pairings/spanet/{{training}}/{{sample}}.h5",
    log:
        f"{RESULTS}/logs/spanet_predict/{{training}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_predict/{{training}}/{{sample}}.tsv"
    threads: STUDY.threads_per_training
    params:
        gpus=STUDY.gpus_per_training,
        threads=STUDY.threads_per_training,
        code=command("spanet:predict"),
    message:
        "Pairing {wildcards.sample} with {wildcards.training}"
    shell:
        "hh4b spanet predict {input.model} {input.dataset} --pairing-output {output.pairing}"
        " --num-gpu {params.gpus} --threads {params.threads} > {log} 2>&1"


rule spanet_score:
    input:
        model=rules.spanet_choose.output.model,
        dataset=f"{RESULTS}/datasets/{{sample}}.h5",
    output:
        scores=f"{RESULTS}/scores/spanet/{{training}}/{{sample}}.h5",
    log:
        f"{RESULTS}/logs/spanet_score/{{training}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_score/{{training}}/{{sample}}.tsv"
    threads: STUDY.threads_per_training
    params:
        kappas=numbers(SCORE_KAPPAS),
        gpus=STUDY.gpus_per_training,
        threads=STUDY.threads_per_training,
        code=command("spanet:predict"),
    message:
        "Scoring {wildcards.sample} with {wildcards.training}"
    shell:
        "hh4b spanet predict {input.model} {input.dataset} --scores-output {output.scores}"
        " --kappa-values={params.kappas} --num-gpu {params.gpus} --threads {params.threads}"
        " > {log} 2>&1"


rule spanet_vectors:
    input:
        model=rules.spanet_choose.output.model,
        dataset=f"{RESULTS}/trainings/{{training}}/testing.h5",
    output:
        prediction=f"{RESULTS}/embeddings/{{training}}/prediction.h5",
        pairing=f"{RESULTS}/embeddings/{{training}}/pairing.h5",
    log:
        f"{RESULTS}/logs/spanet_vectors/{{training}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_vectors/{{training}}.tsv"
    threads: STUDY.threads_per_training
    params:
        gpus=STUDY.gpus_per_training,
        threads=STUDY.threads_per_training,
        code=command("spanet:predict"),
    message:
        "Embedding vectors of {wildcards.training}"
    shell:
        "hh4b spanet predict {input.model} {input.dataset} -o {output.prediction}"
        " --output-vectors --pairing-output {output.pairing} --num-gpu {params.gpus}"
        " --threads {params.threads} > {log} 2>&1"


rule embedding_features:
    input:
        dataset=f"{RESULTS}/trainings/{{training}}/testing.h5",
        pairing=rules.spanet_vectors.output.pairing,
    output:
        features=f"{RESULTS}/embeddings/{{training}}/features.h5",
    log:
        f"{RESULTS}/logs/embedding_features/{{training}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/embedding_features/{{training}}.tsv"
    params:
        columns=EVENT_OBSERVABLES,
        code=command("selection:features"),
    message:
        "Observables of the testing events of {wildcards.training}"
    shell:
        "hh4b features {input.dataset} {input.pairing} -o {output.features} {params.columns}"
        " > {log} 2>&1"


rule embeddings:
    input:
        dataset=f"{RESULTS}/trainings/{{training}}/testing.h5",
        prediction=rules.spanet_vectors.output.prediction,
        features=rules.embedding_features.output.features,
    output:
        embeddings=f"{RESULTS}/embeddings/{{training}}/embeddings.json",
    log:
        f"{RESULTS}/logs/embeddings/{{training}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/embeddings/{{training}}.tsv"
    params:
        seed=STUDY.seed,
        code=command("publication:embeddings"),
    message:
        "Components and clusters of the vectors of {wildcards.training}"
    shell:
        "hh4b embeddings {input.dataset}:{input.prediction}:{input.features}"
        " -o {output.embeddings} --seed {params.seed} > {log} 2>&1"


rule spanet_search_worker:
    input:
        dataset=lambda w: (
            f"{RESULTS}/trainings/{STUDY.searches[w.search].training}/training.h5"
        ),
        options=lambda w: TRAININGS[STUDY.searches[w.search].training].options,
        event="config/spanet/event.yaml",
    output:
        outcome=f"{RESULTS}/searches/{{search}}/worker_{{worker}}.json",
    log:
        f"{RESULTS}/logs/spanet_search/{{search}}_{{worker}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_search/{{search}}_{{worker}}.tsv"
    wildcard_constraints:
        search=searches_of("spanet"),
    threads: STUDY.threads_per_training
    resources:
        gpu=STUDY.gpus_per_training,
    params:
        changes=lambda w: set_options(STUDY.searches[w.search].training),
        storage=lambda w: search_storage(w.search),
        size=lambda w: (
            f"--trials {STUDY.searches[w.search].trials}"
            f" --epochs {STUDY.searches[w.search].epochs}"
        ),
        ranges=lambda w: ranges_option(w.search),
        gpus=STUDY.gpus_per_training,
        threads=STUDY.threads_per_training,
        seed=STUDY.seed,
        code=command("spanet:search"),
    message:
        "Searching hyper-parameters: {wildcards.search}, worker {wildcards.worker}"
    shell:
        "hh4b spanet search --options {input.options} {params.changes} --event {input.event}"
        " --train {input.dataset} {params.size} {params.ranges} --storage {params.storage}"
        " --worker {wildcards.worker} --seed {params.seed} --num-gpu {params.gpus}"
        " --threads {params.threads} -o {output.outcome} > {log} 2>&1"
