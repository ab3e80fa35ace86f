# Templates in m_HH, workspaces, limits, luminosity scans.
NORMALISATION = (
    f"--signal-cross-section {STUDY.statistics.signal_cross_section}"
    f" --background-cross-section-pb {STUDY.statistics.background_cross_section_pb}"
    f" --branching-ratio {STUDY.statistics.branching_ratio}"
)


rule templates:
    input:
        signal_datasets=paths("datasets/{sample}.h5", SIGNALS),
        signal_features=selection_features(SIGNALS),
        signal_scores=score_files(SIGNALS),
        background_datasets=paths("datasets/{sample}.h5", BACKGROUNDS),
        background_features=selection_features(BACKGROUNDS),
        background_scores=score_files(BACKGROUNDS),
        working_point=rules.working_point.output.working_point,
    output:
        templates=f"{RESULTS}/templates/{{selection}}.json",
    log:
        f"{RESULTS}/logs/templates/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/templates/{{selection}}.tsv"
    params:
        signal=lambda w, input: joined(
            "--signal",
            input.signal_datasets,
            input.signal_features,
            input.signal_scores,
        ),
        background=lambda w, input: joined(
            "--background",
            input.background_datasets,
            input.background_features,
            input.background_scores,
        ),
        kappas=numbers(STUDY.statistics.scan()),
        background_kappas=lambda w: numbers(compared_kappas(wildcard_classifier(w))),
        background_kappa=STUDY.statistics.background_kappa,
        sqrt_s=STUDY.physics.sqrt_s_tev,
        bins=(
            f"--bins {STUDY.statistics.bins} --m-hh-min-gev {STUDY.statistics.m_hh_min_gev}"
            f" --m-hh-max-gev {STUDY.statistics.m_hh_max_gev}"
        ),
        code=command("statistics:templates"),
    message:
        "m_HH templates of {wildcards.selection}"
    shell:
        "hh4b templates {params.signal} {params.background} --part testing"
        " --working-point {input.working_point} --kappa-values={params.kappas} {params.bins}"
        " --background-kappa {params.background_kappa}"
        " --background-kappa-values={params.background_kappas} --sqrt-s-tev {params.sqrt_s}"
        " -o {output.templates} > {log} 2>&1"


rule workspace:
    input:
        templates=rules.templates.output.templates,
    output:
        workspaces=of_every_energy("workspaces"),
    log:
        f"{RESULTS}/logs/workspace/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/workspace/{{selection}}.tsv"
    params:
        files=lambda w: (
            f"{RESULTS}/workspaces/{w.selection}_{{energy}}tev_{{luminosity}}ifb.json"
        ),
        energies=numbers(STUDY.statistics.sqrt_s_tev),
        luminosities=numbers(STUDY.statistics.luminosities_ifb),
        model=STUDY.statistics.model,
        normalisation=NORMALISATION,
        code=command("statistics:workspace"),
    message:
        "Workspaces of {wildcards.selection}"
    shell:
        "hh4b workspace {input.templates} -o '{params.files}' --sqrt-s-tev {params.energies}"
        " --luminosity-ifb {params.luminosities} {params.normalisation}"
        " --model {params.model} > {log} 2>&1"


rule limits:
    input:
        workspaces=rules.workspace.output.workspaces,
    output:
        limits=of_every_energy("limits"),
    log:
        f"{RESULTS}/logs/limits/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/limits/{{selection}}.tsv"
    params:
        folder=lambda w, output: Path(output.limits[0]).parent,
        code=command("statistics:limits"),
    message:
        "Limits of {wildcards.selection}"
    shell:
        "mkdir -p {params.folder} &&"
        " hh4b limits {input.workspaces} -o {params.folder} > {log} 2>&1"


rule luminosity_scan:
    input:
        templates=rules.templates.output.templates,
    output:
        scan=f"{RESULTS}/scans/{{selection}}.json",
    log:
        f"{RESULTS}/logs/luminosity_scan/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/luminosity_scan/{{selection}}.tsv"
    params:
        energies=numbers(STUDY.statistics.sqrt_s_tev),
        luminosities=numbers(STUDY.statistics.scan_luminosities_ifb),
        normalisation=NORMALISATION,
        code=command("statistics:luminosity_scan"),
    message:
        "Intervals of {wildcards.selection} against luminosity"
    shell:
        "hh4b luminosity-scan {input.templates} -o {output.scan} --sqrt-s-tev {params.energies}"
        " --luminosities-ifb {params.luminosities} {params.normalisation} > {log} 2>&1"


rule equivalent_luminosity:
    input:
        templates=rules.templates.output.templates,
        limits=lambda w: expand(rules.limits.output.limits, selection=w.target),
    output:
        scan=f"{RESULTS}/scans/{{selection}}_reaching_{{target}}.json",
    log:
        f"{RESULTS}/logs/equivalent_luminosity/{{selection}}_{{target}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/equivalent_luminosity/{{selection}}_{{target}}.tsv"
    params:
        energies=numbers(STUDY.statistics.sqrt_s_tev),
        luminosities=numbers(STUDY.statistics.scan_luminosities_ifb),
        normalisation=NORMALISATION,
        reach=lambda w, input: " ".join(f"--reach {file}" for file in input.limits),
        code=command("statistics:luminosity_scan"),
    message:
        "Luminosity at which {wildcards.selection} reaches {wildcards.target}"
    shell:
        "hh4b luminosity-scan {input.templates} -o {output.scan} --sqrt-s-tev {params.energies}"
        " --luminosities-ifb {params.luminosities} {params.normalisation} {params.reach}"
        " > {log} 2>&1"
