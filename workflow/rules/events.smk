# Delphes files of any origin to four-tag datasets.
rule ingest:
    input:
        events=event_files,
    output:
        dataset=f"{RESULTS}/datasets/{{sample}}.h5",
    log:
        f"{RESULTS}/logs/ingest/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/ingest/{{sample}}.tsv"
    wildcard_constraints:
        sample="|".join(
            re.escape(name)
            for name, info in SAMPLES.items()
            if info.definition.source != "spanet_dataset"
        )
        or "none",
    params:
        # Names of many chunks would be more than a command line holds.
        files=lambda w: (
            " ".join(shlex.quote(file) for file in sample(w).definition.files)
            if sample(w).definition.source == "files"
            else f"'{RESULTS}/events/{w.sample}/*.root'"
        ),
        choices=lambda w: file_choices(sample(w).definition),
        kind=lambda w: (
            "--background"
            if sample(w).background
            else (
                ""
                if sample(w).kappa_lambda is None
                else f"--kappa-lambda={sample(w).kappa_lambda:g}"
            )
        ),
        cuts=(
            f"--pt-min-gev {STUDY.event_selection.jet_pt_min_gev}"
            f" --abs-eta-max {STUDY.event_selection.jet_abs_eta_max}"
            f" --max-jets {STUDY.event_selection.max_jets}"
            f" --min-tags {STUDY.event_selection.min_tags}"
            f" --b-tag-bit {STUDY.event_selection.b_tag_bit}"
            f" --jet-collection {STUDY.event_selection.jet_collection}"
            f" --matching {STUDY.event_selection.matching}"
            f" --training-fraction {STUDY.event_selection.training_fraction}"
        ),
        tags=lambda w: "file" if sample(w).generated else STUDY.event_selection.tags,
        seed=STUDY.seed,
        code=command("events:ingest"),
    message:
        "Four-tag cut and truth matching: {wildcards.sample}"
    shell:
        "hh4b ingest {params.files} -o {output.dataset} --sample {wildcards.sample}"
        " {params.kind} {params.cuts} {params.choices}"
        " --tag-efficiency {params.tags} --seed {params.seed} > {log} 2>&1"


rule datasets_import:
    input:
        file=lambda w: sample(w).definition.file,
        testing=lambda w: sample(w).definition.testing_file or [],
    output:
        dataset=f"{RESULTS}/datasets/{{sample}}.h5",
    log:
        f"{RESULTS}/logs/datasets_import/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/datasets_import/{{sample}}.tsv"
    wildcard_constraints:
        sample=of_source("spanet_dataset"),
    params:
        events=lambda w: sample(w).definition.events,
        testing=lambda w, input: (
            f"--testing-file {input.testing}" if input.testing else ""
        ),
        generated=lambda w: (
            f"--n-generated {sample(w).definition.n_generated}"
            if sample(w).definition.n_generated
            else ""
        ),
        kappa=lambda w: (
            ""
            if sample(w).kappa_lambda is None
            else f"--kappa-lambda={sample(w).kappa_lambda:g}"
        ),
        fraction=STUDY.event_selection.training_fraction,
        seed=STUDY.seed,
        code=command("events:import_published"),
    message:
        "Taking a published dataset: {wildcards.sample}"
    shell:
        "hh4b datasets import {input.file} -o {output.dataset} --sample {wildcards.sample}"
        " --events {params.events} {params.kappa} {params.testing} {params.generated}"
        " --training-fraction {params.fraction} --seed {params.seed} > {log} 2>&1"
