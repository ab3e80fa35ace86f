# Templates in m_HH, workspaces, limits.
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
        background_kappas=numbers(SIGNAL_KAPPAS),
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
        " --background-kappa-values={params.background_kappas} --sqrt-s-tev {params.sqrt_s}"
        " -o {output.templates} > {log} 2>&1"


rule workspace:
    input:
        templates=rules.templates.output.templates,
    output:
        workspace=(
            f"{RESULTS}/workspaces/{{selection}}_{{energy}}tev_{{luminosity}}ifb.json"
        ),
    log:
        f"{RESULTS}/logs/workspace/{{selection}}_{{energy}}tev_{{luminosity}}ifb.log",
    benchmark:
        f"{RESULTS}/benchmarks/workspace/{{selection}}_{{energy}}tev_{{luminosity}}ifb.tsv"
    params:
        model=STUDY.statistics.model,
        normalisation=(
            f"--signal-cross-section {STUDY.statistics.signal_cross_section}"
            f" --background-cross-section-pb {STUDY.statistics.background_cross_section_pb}"
            f" --branching-ratio {STUDY.statistics.branching_ratio}"
        ),
        code=command("statistics:workspace"),
    message:
        "Workspace of {wildcards.selection} at {wildcards.energy} TeV, {wildcards.luminosity} fb-1"
    shell:
        "hh4b workspace {input.templates} -o {output.workspace} --sqrt-s-tev {wildcards.energy}"
        " --luminosity-ifb {wildcards.luminosity} {params.normalisation}"
        " --model {params.model} > {log} 2>&1"


rule limits:
    input:
        workspace=rules.workspace.output.workspace,
    output:
        limits=f"{RESULTS}/limits/{{selection}}_{{energy}}tev_{{luminosity}}ifb.json",
    log:
        f"{RESULTS}/logs/limits/{{selection}}_{{energy}}tev_{{luminosity}}ifb.log",
    benchmark:
        f"{RESULTS}/benchmarks/limits/{{selection}}_{{energy}}tev_{{luminosity}}ifb.tsv"
    params:
        code=command("statistics:limits"),
    message:
        "Limits of {wildcards.selection} at {wildcards.energy} TeV, {wildcards.luminosity} fb-1"
    shell:
        "hh4b limits {input.workspace} -o {output.limits} > {log} 2>&1"
