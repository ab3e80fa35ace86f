# Tables and figures, numbered as in the note; each a target of its own.
rule comparison_hh:
    output:
        partons=temp(f"{RESULTS}/comparison/hh_{{energy}}tev.lhe.gz"),
    log:
        f"{RESULTS}/logs/comparison_hh/{{energy}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/comparison_hh/{{energy}}.tsv"
    params:
        kappa=STUDY.energy_comparison.kappa_lambda,
        events=STUDY.energy_comparison.events,
        seed=STUDY.seed,
        code=command("signal:generate_hh"),
    message:
        "Generating gg -> HH partons at {wildcards.energy} TeV"
    shell:
        "hh4b generate hh --kappa-lambda={params.kappa} --sqrt-s {wildcards.energy}"
        " --events {params.events} --seed {params.seed} -o {output.partons} > {log} 2>&1"


rule comparison_four_b:
    output:
        partons=temp(f"{RESULTS}/comparison/four_b_{{energy}}tev.lhe.gz"),
    log:
        f"{RESULTS}/logs/comparison_four_b/{{energy}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/comparison_four_b/{{energy}}.tsv"
    params:
        events=STUDY.energy_comparison.events,
        scale=STUDY.physics.four_b_scale,
        seed=STUDY.seed,
        code=command("background:generate_four_b"),
    message:
        "Generating pp -> 4b partons at {wildcards.energy} TeV"
    shell:
        "hh4b generate 4b --sqrt-s {wildcards.energy} --events {params.events} --scale {params.scale}"
        " --seed {params.seed} -o {output.partons} > {log} 2>&1"


rule parton_histograms:
    input:
        partons=f"{RESULTS}/{{folder}}/{{events}}.lhe.gz",
    output:
        histograms=f"{RESULTS}/{{folder}}/{{events}}.json",
    log:
        f"{RESULTS}/logs/parton_histograms/{{folder}}_{{events}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/parton_histograms/{{folder}}_{{events}}.tsv"
    wildcard_constraints:
        folder="partons|comparison",
    params:
        code=command("publication:parton_histograms"),
    message:
        "Parton-level distributions of {wildcards.folder}/{wildcards.events}"
    shell:
        "hh4b parton-histograms {input.partons} -o {output.histograms} > {log} 2>&1"


for _key, _inputs in TABLES.items():

    rule:
        name:
            f"table_{_key}"
        input:
            reference=STUDY.publication.reference,
            files=input_files(_inputs),
        output:
            csv=f"{table_file(_key)}.csv",
            md=f"{table_file(_key)}.md",
            tex=f"{table_file(_key)}.tex",
        log:
            f"{RESULTS}/logs/table/table_{_key.zfill(2)}.log",
        benchmark:
            f"{RESULTS}/benchmarks/table/table_{_key.zfill(2)}.tsv"
        params:
            key=_key,
            stem=lambda w, output: os.path.splitext(output.csv)[0],
            inputs=inputs_option(_inputs),
            code=code_digest(f"hh4b.publication.note_tables.table_{_key.zfill(2)}"),
        message:
            "Table {params.key}"
        shell:
            "hh4b table {params.key} -o {params.stem} --reference {input.reference}"
            " {params.inputs} > {log} 2>&1"


for _key, _inputs in FIGURES.items():

    rule:
        name:
            f"figure_{_key}"
        input:
            files=input_files(_inputs),
        output:
            pdf=f"{figure_file(_key)}.pdf",
            png=f"{figure_file(_key)}.png",
        log:
            f"{RESULTS}/logs/figure/figure_{_key}.log",
        benchmark:
            f"{RESULTS}/benchmarks/figure/figure_{_key}.tsv"
        params:
            key=_key,
            stem=lambda w, output: os.path.splitext(output.pdf)[0],
            inputs=inputs_option(_inputs),
            style=style_option(_key),
            code=code_digest(f"hh4b.publication.figures.figure_{_key.zfill(2)}"),
        message:
            "Figure {params.key}"
        shell:
            "hh4b figure {params.key} -o {params.stem} {params.inputs} {params.style}"
            " > {log} 2>&1"


for _kind, _keys in ABSENT.items():
    for _key in _keys:

        rule:
            name:
                f"{_kind}_{_key}"
            input:
                absent(_kind, _key),


rule all_tables:
    input:
        [f"{table_file(key)}.csv" for key in TABLES],


rule all_figures:
    input:
        [f"{figure_file(key)}.pdf" for key in FIGURES],


rule summary:
    input:
        tables=rules.all_tables.input,
        figures=rules.all_figures.input,
        limits=ALL_LIMITS,
        classification=expand(
            rules.evaluate_classifier.output.metrics, classifier=STUDY.classifiers
        ),
    output:
        page=f"{RESULTS}/README.md",
    log:
        f"{RESULTS}/logs/summary.log",
    benchmark:
        f"{RESULTS}/benchmarks/summary.tsv"
    params:
        tables=lambda w, input: os.path.dirname(input.tables[0]),
        figures=lambda w, input: os.path.dirname(input.figures[0]),
        code=command("publication:summary"),
    message:
        "Summary page"
    shell:
        "hh4b summary -o {output.page} --tables {params.tables} --figures {params.figures}"
        " > {log} 2>&1"


rule report:
    input:
        rules.summary.output.page,
