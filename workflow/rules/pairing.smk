# Jets to Higgs candidates, how often that is right, and the observables of the candidates.
rule pair:
    input:
        dataset=f"{RESULTS}/{{variation}}datasets/{{sample}}.h5",
        plugins=lambda w: FILES.plugins([STUDY.pairings[w.pairing].method]),
        read=lambda w: STUDY.pairings[w.pairing].files,
    output:
        pairing=f"{RESULTS}/{{variation}}pairings/{{pairing}}/{{sample}}.h5",
    log:
        f"{RESULTS}/{{variation}}logs/pair/{{pairing}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/{{variation}}benchmarks/pair/{{pairing}}/{{sample}}.tsv"
    wildcard_constraints:
        pairing=names_pattern(FILES.function_pairings()),
    group:
        step("pair")
    resources:
        **needs("pair"),
    params:
        settings=settings("pair", "pairing"),
        code=command("pairing:run_method"),
    message:
        "Pairing jets by {wildcards.pairing}: {wildcards.variation}{wildcards.sample}"
    shell:
        "hh4b pair run {input.dataset:q} -o {output.pairing:q} --settings {params.settings:q}"
        " > {log:q} 2>&1"


rule efficiency_curve:
    input:
        datasets=LAYOUT.datasets(LAYOUT.signals),
        pairings=lambda w: [LAYOUT.pairing(w.pairing, name) for name in LAYOUT.signals],
    output:
        curve=f"{RESULTS}/metrics/pairing/{{pairing}}.json",
    log:
        f"{RESULTS}/logs/efficiency_curve/{{pairing}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/efficiency_curve/{{pairing}}.tsv"
    group:
        step("efficiency_curve")
    resources:
        **needs("efficiency_curve"),
    params:
        pairs=lambda w, input: (
            f"{option('--dataset', input.datasets)} {option('--pairing', input.pairings)}"
        ),
        settings=settings("efficiency_curve"),
        code=command("pairing:efficiency_curve"),
    message:
        "Pairing efficiency against kappa_lambda: {wildcards.pairing}"
    shell:
        "hh4b pair efficiency-curve {params.pairs} -o {output.curve:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule features:
    input:
        dataset=f"{RESULTS}/{{variation}}datasets/{{sample}}.h5",
        pairing=lambda w: LAYOUT.pairing(w.pairing, w.sample, w.variation),
        plugins=FILES.plugins(STUDY.features.extra),
    output:
        features=f"{RESULTS}/{{variation}}features/{{pairing}}/{{sample}}.h5",
    log:
        f"{RESULTS}/{{variation}}logs/features/{{pairing}}/{{sample}}.log",
    benchmark:
        f"{RESULTS}/{{variation}}benchmarks/features/{{pairing}}/{{sample}}.tsv"
    group:
        step("features")
    resources:
        **needs("features"),
    params:
        settings=settings("features"),
        code=command("selection:features"),
    message:
        "Building observables: {wildcards.variation}{wildcards.sample}, {wildcards.pairing} pairing"
    shell:
        "hh4b features {input.dataset:q} {input.pairing:q} -o {output.features:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"
