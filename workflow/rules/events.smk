# Delphes files of any origin to four-tag datasets.
rule ingest:
    input:
        events=lambda w: FILES.event_files(w.sample, w.variation),
        nominal=lambda w: FILES.nominal_dataset(w.sample, w.variation),
    output:
        dataset=f"{RESULTS}/{{variation}}datasets/{{sample}}.h5",
    log:
        f"{RESULTS}/{{variation}}logs/ingest/{{sample}}.log",
    benchmark:
        f"{RESULTS}/{{variation}}benchmarks/ingest/{{sample}}.tsv"
    wildcard_constraints:
        sample=names_pattern(
            set(LAYOUT.samples) - set(LAYOUT.of_source("spanet_dataset"))
        ),
    group:
        step("ingest")
    resources:
        **needs("ingest"),
    params:
        files=lambda w: FILES.event_arguments(w.sample, w.variation),
        nominal=lambda w, input: option("--nominal", input.get("nominal", [])),
        settings=settings("ingest", "sample"),
        code=command("events:ingest"),
    message:
        "Four-tag cut and truth matching: {wildcards.variation}{wildcards.sample}"
    shell:
        "hh4b ingest {params.files} -o {output.dataset:q} {params.nominal}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule datasets_import:
    input:
        file=lambda w: LAYOUT.samples[w.sample].definition.file,
        testing=lambda w: FILES.testing_file(w.sample),
    output:
        dataset=f"{RESULTS}/datasets/{{sample}}.h5",
    log:
        f"{RESULTS}/logs/datasets_import/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/datasets_import/{{sample}}.tsv"
    wildcard_constraints:
        sample=names_pattern(LAYOUT.of_source("spanet_dataset")),
    group:
        step("datasets_import")
    resources:
        **needs("datasets_import"),
    params:
        testing=lambda w, input: option("--testing-file", input.get("testing", [])),
        settings=settings("datasets_import", "sample"),
        code=command("events:import_published"),
    message:
        "Taking a published dataset: {wildcards.sample}"
    shell:
        "hh4b datasets import {input.file:q} -o {output.dataset:q} {params.testing}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule datasets_merge:
    input:
        datasets=lambda w: FILES.merged(w.training),
    output:
        dataset=f"{RESULTS}/trainings/{{training}}/{{fold}}{{part}}.h5",
    log:
        f"{RESULTS}/logs/datasets_merge/{{training}}_{{fold}}{{part}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/datasets_merge/{{training}}_{{fold}}{{part}}.tsv"
    wildcard_constraints:
        part="training|testing",
    group:
        step("datasets_merge")
    resources:
        **needs("datasets_merge"),
    params:
        settings=settings("datasets_merge", "training", "part", "fold"),
        code=command("events:merge"),
    message:
        "Merging the {wildcards.fold}{wildcards.part} events of {wildcards.training}"
    shell:
        "hh4b datasets merge {input.datasets:q} -o {output.dataset:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"
