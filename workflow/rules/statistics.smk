# Templates in m_HH, workspaces, limits, luminosity scans.


rule energy_weights:
    input:
        partons=[LAYOUT.partons(name) for name in FILES.reweighted()],
    output:
        weights=FILES.energy_weights(),
    log:
        f"{RESULTS}/logs/energy_weights.log",
    benchmark:
        f"{RESULTS}/benchmarks/energy_weights.tsv"
    group:
        step("energy_weights")
    resources:
        **needs("energy_weights"),
    params:
        files=lambda w: f"{RESULTS}/energy_weights/{{energy}}tev/{{sample}}.h5",
        settings=settings("energy_weights"),
        code=command("signal:energy_weights"),
    message:
        "Taking parton events to other energies"
    shell:
        "hh4b energy-weights {input.partons:q} -o {params.files:q} --settings {params.settings:q}"
        " > {log:q} 2>&1"


rule parton_weights:
    input:
        partons=FILES.varied_partons(),
    output:
        weights=FILES.parton_weights(),
    log:
        f"{RESULTS}/logs/parton_weights.log",
    benchmark:
        f"{RESULTS}/benchmarks/parton_weights.tsv"
    group:
        step("parton_weights")
    resources:
        **needs("parton_weights"),
    params:
        files=lambda w: f"{RESULTS}/parton_weights/{{systematic}}_{{side}}/{{sample}}.h5",
        settings=settings("parton_weights"),
        code=command("signal:parton_weights"),
    message:
        "Giving parton events other scales and densities"
    shell:
        "hh4b parton-weights {input.partons:q} -o {params.files:q} --settings {params.settings:q}"
        " > {log:q} 2>&1"


rule templates:
    input:
        samples=lambda w: FILES.templates(w.selection),
        working_point=rules.working_point.output.working_point,
        plugins=FILES.plugins(FILES.weights()),
        energy_weights=FILES.energy_weights(),
        parton_weights=FILES.template_parton_weights(),
    output:
        *FILES.replicas("{selection}"),
        templates=FILES.all_templates("{selection}"),
    log:
        f"{RESULTS}/logs/templates/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/templates/{{selection}}.tsv"
    group:
        step("templates")
    resources:
        **needs("templates"),
    params:
        files=lambda w: FILES.templates_option(w.selection),
        replicas=lambda w: option("--replicas-output", FILES.replicas(w.selection)[:1]),
        energies=lambda w: FILES.at_energy_option(w.selection),
        weights=option("--parton-weights", FILES.template_parton_weights()),
        settings=settings("templates", "selection"),
        code=command("statistics:templates"),
    message:
        "m_HH templates of {wildcards.selection}"
    shell:
        "hh4b templates {params.files} --working-point {input.working_point:q}"
        " --settings {params.settings:q} -o {output.templates[0]:q} {params.replicas} {params.energies}"
        " {params.weights} > {log:q} 2>&1"


rule workspace:
    input:
        templates=rules.templates.output.templates,
    output:
        workspaces=LAYOUT.of_every_energy("workspaces", "{selection}"),
    log:
        f"{RESULTS}/logs/workspace/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/workspace/{{selection}}.tsv"
    group:
        step("workspace")
    resources:
        **needs("workspace"),
    params:
        files=lambda w: (
            f"{RESULTS}/workspaces/{w.selection}_{{energy}}tev_{{luminosity}}ifb.json"
        ),
        settings=settings("workspace"),
        code=command("statistics:workspace"),
    message:
        "Workspaces of {wildcards.selection}"
    shell:
        "hh4b workspace {input.templates:q} -o {params.files:q} --settings {params.settings:q}"
        " > {log:q} 2>&1"


rule limits:
    input:
        replicas=lambda w: FILES.replicas(w.selection),
        workspaces=rules.workspace.output.workspaces,
    output:
        limits=LAYOUT.of_every_energy("limits", "{selection}"),
    log:
        f"{RESULTS}/logs/limits/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/limits/{{selection}}.tsv"
    group:
        step("limits")
    resources:
        **needs("limits"),
    params:
        folder=lambda w, output: os.path.dirname(output.limits[0]),
        replicas=lambda w: option("--replicas-file", FILES.replicas(w.selection)),
        settings=settings("limits"),
        code=command("statistics:limits"),
    message:
        "Limits of {wildcards.selection}"
    shell:
        "mkdir -p {params.folder:q} &&"
        " hh4b limits {input.workspaces:q} -o {params.folder:q} --settings {params.settings:q}"
        " {params.replicas} > {log:q} 2>&1"


rule luminosity_scan:
    input:
        replicas=lambda w: FILES.replicas(w.selection),
        templates=rules.templates.output.templates,
    output:
        scan=f"{RESULTS}/scans/{{selection}}.json",
    log:
        f"{RESULTS}/logs/luminosity_scan/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/luminosity_scan/{{selection}}.tsv"
    group:
        step("luminosity_scan")
    resources:
        **needs("luminosity_scan"),
    params:
        replicas=lambda w: option("--replicas-file", FILES.replicas(w.selection)),
        settings=settings("luminosity_scan"),
        code=command("statistics:luminosity_scan"),
    message:
        "Intervals of {wildcards.selection} against luminosity"
    shell:
        "hh4b luminosity-scan {input.templates:q} -o {output.scan:q}"
        " --settings {params.settings:q} {params.replicas} > {log:q} 2>&1"


rule equivalent_luminosity:
    input:
        replicas=lambda w: FILES.replicas(w.selection),
        templates=rules.templates.output.templates,
        limits=lambda w: LAYOUT.of_every_energy("limits", w.target),
    output:
        scan=f"{RESULTS}/scans/{{selection}}_reaching_{{target}}.json",
    log:
        f"{RESULTS}/logs/equivalent_luminosity/{{selection}}_{{target}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/equivalent_luminosity/{{selection}}_{{target}}.tsv"
    group:
        step("equivalent_luminosity")
    resources:
        **needs("equivalent_luminosity"),
    params:
        reach=lambda w, input: option("--reach", input.limits),
        replicas=lambda w: option("--replicas-file", FILES.replicas(w.selection)),
        settings=settings("luminosity_scan"),
        code=command("statistics:luminosity_scan"),
    message:
        "Luminosity at which {wildcards.selection} reaches {wildcards.target}"
    shell:
        "hh4b luminosity-scan {input.templates:q} -o {output.scan:q}"
        " --settings {params.settings:q} {params.reach} {params.replicas} > {log:q} 2>&1"
