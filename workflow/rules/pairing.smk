# Jets to Higgs candidates, and how often that is right.
rule pair_min_dr:
    input:
        dataset=rules.ingest.output.dataset,
    output:
        pairing=f"{RESULTS}/pairings/min_dr/{{sample}}.h5",
    log:
        f"{RESULTS}/logs/pair_min_dr/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/pair_min_dr/{{sample}}.tsv"
    params:
        code=command("pairing:min_dr"),
    message:
        "Pairing jets by minimal dR: {wildcards.sample}"
    shell:
        "hh4b pair min-dr {input.dataset} -o {output.pairing} > {log} 2>&1"


rule efficiency_curve:
    input:
        datasets=paths("datasets/{sample}.h5", SIGNALS),
        pairings=lambda w: [pairing_file(w.pairing, name) for name in SIGNALS],
    output:
        curve=f"{RESULTS}/metrics/pairing/{{pairing}}.json",
    log:
        f"{RESULTS}/logs/efficiency_curve/{{pairing}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/efficiency_curve/{{pairing}}.tsv"
    params:
        pairs=lambda w, input: " ".join(
            f"--dataset {d} --pairing {p}"
            for d, p in zip(input.datasets, input.pairings)
        ),
        code=command("pairing:efficiency_curve"),
    message:
        "Pairing efficiency against kappa_lambda: {wildcards.pairing}"
    shell:
        "hh4b pair efficiency-curve {params.pairs} --part testing -o {output.curve} > {log} 2>&1"
