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
    output:
        model=f"{RESULTS}/models/spanet/{{training}}/model.pt",
    log:
        f"{RESULTS}/logs/spanet_train/{{training}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_train/{{training}}.tsv"
    wildcard_constraints:
        training="|".join(TRAININGS) or "none",
    threads: 2
    resources:
        gpu=STUDY.gpus_per_training,
    params:
        folder=lambda w, output: Path(output.model).parent,
        epochs=lambda w: (
            f"--epochs {TRAININGS[w.training].epochs}"
            if TRAININGS[w.training].epochs
            else ""
        ),
        gpus=STUDY.gpus_per_training,
        seed=STUDY.seed,
        code=command("spanet:train"),
    message:
        "Training SPANet2: {wildcards.training}"
    shell:
        "hh4b spanet train --options {input.options} --event {input.event}"
        " --train {input.dataset} -o {params.folder} --seed {params.seed} --num-gpu {params.gpus}"
        " --threads {threads} {params.epochs} > {log} 2>&1"


rule spanet_predict:
    input:
        model=rules.spanet_train.output.model,
        dataset=f"{RESULTS}/datasets/{{sample}}.h5",
    output:
        pairing=f"{RESULTS}/pairings/spanet/{{training}}/{{sample}}.h5",
        scores=f"{RESULTS}/scores/spanet/{{training}}/{{sample}}.h5",
    log:
        f"{RESULTS}/logs/spanet_predict/{{training}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_predict/{{training}}/{{sample}}.tsv"
    wildcard_constraints:
        training="|".join(TRAININGS) or "none",
    threads: 2
    params:
        folder=lambda w, input: Path(input.model).parent,
        kappas=numbers(SCORE_KAPPAS),
        gpus=STUDY.gpus_per_training,
        code=command("spanet:predict"),
    message:
        "Predicting {wildcards.sample} with {wildcards.training}"
    shell:
        "hh4b spanet predict {params.folder} {input.dataset} --pairing-output {output.pairing}"
        " --scores-output {output.scores} --kappa-values={params.kappas}"
        " --num-gpu {params.gpus} --threads {threads} > {log} 2>&1"


rule spanet_evaluate:
    input:
        model=rules.spanet_train.output.model,
        dataset=f"{RESULTS}/trainings/{{training}}/testing.h5",
    output:
        metrics=f"{RESULTS}/metrics/spanet/{{training}}.json",
    log:
        f"{RESULTS}/logs/spanet_evaluate/{{training}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spanet_evaluate/{{training}}.tsv"
    wildcard_constraints:
        training="|".join(TRAININGS) or "none",
    threads: 2
    params:
        folder=lambda w, input: Path(input.model).parent,
        gpus=STUDY.gpus_per_training,
        code=command("spanet:evaluate"),
    message:
        "Evaluating SPANet2: {wildcards.training}"
    shell:
        "hh4b spanet evaluate {params.folder} {input.dataset} -o {output.metrics}"
        " --num-gpu {params.gpus} --threads {threads} > {log} 2>&1"
