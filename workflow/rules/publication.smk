# Tables and figures of the catalogue, each a target of its own; what they compare at parton level.
rule comparison_hh:
    output:
        partons=temp(f"{RESULTS}/comparison/hh_{{energy}}tev.lhe.gz"),
    log:
        f"{RESULTS}/logs/comparison_hh/{{energy}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/comparison_hh/{{energy}}.tsv"
    group:
        step("comparison_hh")
    resources:
        **needs("comparison_hh"),
    params:
        settings=settings("comparison_hh", "energy"),
        code=command("signal:generate_hh"),
    message:
        "Generating gg -> HH partons at {wildcards.energy} TeV"
    shell:
        "hh4b generate hh --settings {params.settings:q} -o {output.partons:q} > {log:q} 2>&1"


rule comparison_four_b:
    output:
        partons=temp(f"{RESULTS}/comparison/four_b_{{energy}}tev.lhe.gz"),
    log:
        f"{RESULTS}/logs/comparison_four_b/{{energy}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/comparison_four_b/{{energy}}.tsv"
    group:
        step("comparison_four_b")
    resources:
        **needs("comparison_four_b"),
    params:
        settings=settings("comparison_four_b", "energy"),
        code=command("background:generate_four_b"),
    message:
        "Generating pp -> 4b partons at {wildcards.energy} TeV"
    shell:
        "hh4b generate 4b --settings {params.settings:q} -o {output.partons:q} > {log:q} 2>&1"


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
    group:
        step("parton_histograms")
    resources:
        **needs("parton_histograms"),
    params:
        code=command("publication:parton_histograms"),
    message:
        "Parton-level distributions of {wildcards.folder}/{wildcards.events}"
    shell:
        "hh4b parton-histograms {input.partons:q} -o {output.histograms:q} > {log:q} 2>&1"


TABLES = [o for o in OUTPUTS.values() if o.medium == "table" and not o.absent]
FIGURES = [o for o in OUTPUTS.values() if o.medium == "figure" and not o.absent]

for _output in TABLES:

    rule:
        name:
            _output.name
        input:
            reference=STUDY.publication.reference or [],
            files=_output.files,
        output:
            csv=report(
                f"{_output.stem}.csv",
                caption="../report/output.rst",
                category=section_of(_output.settings.kind),
                labels={"output": f"{_output.medium} {_output.key}"},
            ),
            md=f"{_output.stem}.md",
            tex=f"{_output.stem}.tex",
            json=f"{_output.stem}.json",
        log:
            f"{RESULTS}/logs/table/{_output.name}.log",
        benchmark:
            f"{RESULTS}/benchmarks/table/{_output.name}.tsv"
        group:
            step("table")
        resources:
            **needs("table"),
        params:
            key=_output.key,
            caption=_output.settings.title,
            stem=lambda w, output: os.path.splitext(output[0])[0],
            inputs=_output.input_options,
            reference=(
                option("--reference", [STUDY.publication.reference])
                if STUDY.publication.reference
                else ""
            ),
            settings=_output.settings.as_json(),
            code=code_of(*_output.code),
        message:
            "Table {params.key}"
        shell:
            "hh4b table {params.key:q} -o {params.stem:q} {params.reference}"
            " {params.inputs} --settings {params.settings:q} > {log:q} 2>&1"


for _output in FIGURES:

    rule:
        name:
            _output.name
        input:
            files=_output.files,
        output:
            pdf=f"{_output.stem}.pdf",
            png=f"{_output.stem}.png",
            svg=report(
                f"{_output.stem}.svg",
                caption="../report/output.rst",
                category=section_of(_output.settings.kind),
                labels={"output": f"{_output.medium} {_output.key}"},
            ),
        log:
            f"{RESULTS}/logs/figure/{_output.name}.log",
        benchmark:
            f"{RESULTS}/benchmarks/figure/{_output.name}.tsv"
        group:
            step("figure")
        resources:
            **needs("figure"),
        params:
            key=_output.key,
            caption=_output.settings.title,
            stem=lambda w, output: os.path.splitext(output[0])[0],
            inputs=_output.input_options,
            settings=_output.settings.as_json(),
            code=code_of(*_output.code),
        message:
            "Figure {params.key}"
        shell:
            "hh4b figure {params.key:q} -o {params.stem:q} {params.inputs}"
            " --settings {params.settings:q} > {log:q} 2>&1"


for _output in OUTPUTS.values():
    if _output.absent:

        rule:
            name:
                _output.name
            input:
                refused(_output.absent),


rule all_tables:
    input:
        [f"{table.stem}.csv" for table in TABLES],


rule all_figures:
    input:
        [f"{figure.stem}.pdf" for figure in FIGURES],


rule summary:
    input:
        tables=rules.all_tables.input,
        figures=rules.all_figures.input,
        limits=[
            path
            for selection in LAYOUT.shown(STUDY.selections)
            for path in LAYOUT.of_every_energy("limits", selection)
        ],
        classification=[
            LAYOUT.classifier_metrics(name) for name in LAYOUT.shown(STUDY.classifiers)
        ],
        likelihood=FILES.likelihoods(),
        read=PAGE.files,
    output:
        page=f"{RESULTS}/README.md",
        comparison=f"{RESULTS}/note_comparison.csv",
    log:
        f"{RESULTS}/logs/summary.log",
    benchmark:
        f"{RESULTS}/benchmarks/summary.tsv"
    group:
        step("summary")
    resources:
        **needs("summary"),
    params:
        tables=lambda w, input: option("--tables", input.tables),
        figures=lambda w, input: option("--figures", input.figures),
        files=PAGE.options,
        settings=PAGE.settings.as_json(),
        code=command("publication:summary"),
    message:
        "Summary page"
    shell:
        "hh4b summary -o {output.page:q} {params.tables} {params.figures} {params.files}"
        " --settings {params.settings:q} > {log:q} 2>&1"


# What made the run; it waits for the page, so that it is written anew when anything else is.
rule provenance:
    input:
        page=rules.summary.output.page,
    output:
        record=f"{RESULTS}/provenance.json",
        configuration=f"{RESULTS}/config.yaml",
    log:
        f"{RESULTS}/logs/provenance.log",
    benchmark:
        f"{RESULTS}/benchmarks/provenance.tsv"
    group:
        step("provenance")
    resources:
        **needs("provenance"),
    params:
        settings=STUDY.model_dump_json(),
        code=command("provenance:record"),
    message:
        "Provenance of the run"
    shell:
        "hh4b config record -o {output.record:q} --configuration {output.configuration:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


# Everything as one HTML file.
rule page:
    input:
        record=rules.provenance.output.record,
        text=rules.summary.output.page,
        tables=[f"{table.stem}.json" for table in TABLES],
        figures=[f"{figure.stem}.svg" for figure in FIGURES],
        working_points=[
            LAYOUT.working_point(name) for name in LAYOUT.shown(STUDY.selections)
        ],
        read=PAGE.files,
    output:
        page=f"{RESULTS}/index.html",
    log:
        f"{RESULTS}/logs/page.log",
    benchmark:
        f"{RESULTS}/benchmarks/page.tsv"
    group:
        step("page")
    resources:
        **needs("page"),
    params:
        settings=STUDY.model_dump_json(),
        code=command("publication:page"),
        design=design_digest(),
    message:
        "Result page"
    shell:
        "hh4b page -o {output.page:q} --settings {params.settings:q} > {log:q} 2>&1"


rule report:
    input:
        rules.page.output.page,


# Not part of the default target.
rule crate:
    input:
        record=rules.provenance.output.record,
        page=rules.page.output.page,
    output:
        archive=f"{RESULTS}/crate.zip",
    log:
        f"{RESULTS}/logs/crate.log",
    benchmark:
        f"{RESULTS}/benchmarks/crate.tsv"
    group:
        step("crate")
    resources:
        **needs("crate"),
    params:
        folder=lambda w, input: os.path.dirname(input.record),
        code=command("provenance:crate"),
    message:
        "RO-Crate of the run"
    shell:
        "hh4b crate {params.folder:q} -o {output.archive:q} > {log:q} 2>&1"


# Not part of the default target.
rule hepdata:
    input:
        **FILES.submission(),
        tables=rules.all_tables.input,
    output:
        submission=f"{RESULTS}/hepdata/submission.yaml",
    log:
        f"{RESULTS}/logs/hepdata.log",
    benchmark:
        f"{RESULTS}/benchmarks/hepdata.tsv"
    group:
        step("hepdata")
    resources:
        **needs("hepdata"),
    params:
        folder=lambda w, output: os.path.dirname(output.submission),
        tables=lambda w, input: option("--tables", input.tables),
        files=FILES.submission_option(),
        code=command("publication:hepdata"),
    message:
        "HEPData submission"
    shell:
        "hh4b hepdata -o {params.folder:q} {params.tables} {params.files} > {log:q} 2>&1"
