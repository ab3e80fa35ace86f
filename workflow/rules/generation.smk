# Parton-level events, shower and detector.


rule generate_hh:
    output:
        partons=f"{RESULTS}/partons/{{sample}}.lhe.gz",
    log:
        f"{RESULTS}/logs/generate_hh/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/generate_hh/{{sample}}.tsv"
    wildcard_constraints:
        sample=of_source("gg_hh"),
    params:
        kappa=lambda w: f"{sample(w).kappa_lambda:g}",
        events=lambda w: sample(w).events,
        sqrt_s=STUDY.physics.sqrt_s_tev,
        masses=(
            f"--m-higgs {STUDY.physics.m_higgs_gev} --m-top {STUDY.physics.m_top_gev}"
            f" --b-mass-gev {STUDY.physics.b_mass_gev} --mu-factor {STUDY.physics.mu_factor}"
        ),
        bias=bias_option(STUDY.simulation.signal_acceptance_bias),
        seed=STUDY.seed,
        code=command("signal:generate_hh"),
    message:
        "Generating gg -> HH -> 4b partons: {wildcards.sample}"
    shell:
        "hh4b generate hh --kappa-lambda={params.kappa} --sqrt-s {params.sqrt_s}"
        " --events {params.events} {params.masses} {params.bias} --seed {params.seed}"
        " -o {output.partons} > {log} 2>&1"


rule generate_resonance:
    output:
        partons=f"{RESULTS}/partons/{{sample}}.lhe.gz",
    log:
        f"{RESULTS}/logs/generate_resonance/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/generate_resonance/{{sample}}.tsv"
    wildcard_constraints:
        sample=of_source("resonance"),
    params:
        mass=lambda w: sample(w).definition.mass_gev,
        events=lambda w: sample(w).events,
        sqrt_s=STUDY.physics.sqrt_s_tev,
        bias=bias_option(STUDY.simulation.signal_acceptance_bias),
        seed=STUDY.seed,
        code=command("signal:generate_resonance"),
    message:
        "Generating X -> HH -> 4b partons: {wildcards.sample}"
    shell:
        "hh4b generate resonance --mass {params.mass} --sqrt-s {params.sqrt_s}"
        " --events {params.events} {params.bias} --seed {params.seed}"
        " -o {output.partons} > {log} 2>&1"


rule generate_four_b:
    output:
        partons=f"{RESULTS}/partons/{{sample}}.lhe.gz",
    log:
        f"{RESULTS}/logs/generate_four_b/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/generate_four_b/{{sample}}.tsv"
    wildcard_constraints:
        sample=of_source("four_b"),
    params:
        events=lambda w: sample(w).events,
        sqrt_s=STUDY.physics.sqrt_s_tev,
        cuts=(
            f"--pt-min-gev {STUDY.physics.b_pt_min_gev}"
            f" --abs-eta-max {STUDY.physics.b_abs_eta_max}"
            f" --b-mass-gev {STUDY.physics.b_mass_gev} --mu-factor {STUDY.physics.mu_factor}"
            f" --scale {STUDY.physics.four_b_scale}"
        ),
        bias=bias_option(STUDY.simulation.background_acceptance_bias),
        seed=STUDY.seed,
        code=command("background:generate_four_b"),
    message:
        "Generating pp -> 4b partons: {wildcards.sample}"
    shell:
        "hh4b generate 4b --sqrt-s {params.sqrt_s} --events {params.events} {params.cuts}"
        " {params.bias} --seed {params.seed} -o {output.partons} > {log} 2>&1"


rule simulate:
    input:
        partons=f"{RESULTS}/partons/{{sample}}.lhe.gz",
        detector=STUDY.simulation.detector,
    output:
        events=f"{RESULTS}/events/{{sample}}/{{chunk}}.root",
    log:
        f"{RESULTS}/logs/simulate/{{sample}}_{{chunk}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/simulate/{{sample}}_{{chunk}}.tsv"
    params:
        first=lambda w: chunk_range(w)[0],
        events=lambda w: chunk_range(w)[1],
        tags=STUDY.simulation.tags,
        pythia=" ".join(
            f"--pythia {shlex.quote(setting)}"
            for setting in STUDY.simulation.pythia_settings
        ),
        seed=STUDY.seed,
        code=command("simulation:simulate_command"),
    message:
        "Showering and simulating {wildcards.sample}, chunk {wildcards.chunk}"
    shell:
        "hh4b simulate {input.partons} -o {output.events} --first {params.first}"
        " --events {params.events} --seed {params.seed} --sample {wildcards.sample}"
        " --detector {input.detector} --tags {params.tags} {params.pythia} > {log} 2>&1"


rule generate_madgraph:
    input:
        card=lambda w: sample(w).definition.delphes_card,
    output:
        events=f"{RESULTS}/events/{{sample}}/madgraph.root",
    log:
        f"{RESULTS}/logs/generate_madgraph/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/generate_madgraph/{{sample}}.tsv"
    wildcard_constraints:
        sample=of_source("madgraph"),
    threads: workflow.cores
    params:
        process=lambda w: sample(w).definition.process,
        kappa=lambda w: (
            ""
            if sample(w).kappa_lambda is None
            else f"--kappa-lambda={sample(w).kappa_lambda:g}"
        ),
        events=lambda w: sample(w).events,
        launcher=lambda w: shlex.quote(sample(w).definition.launcher),
        sqrt_s=STUDY.physics.sqrt_s_tev,
        work=lambda w, output: f"{output.events}.work",
        seed=STUDY.seed,
        code=command("events:generate_madgraph"),
    message:
        "Generating with MG5_aMC, Pythia 8 and Delphes: {wildcards.sample}"
    shell:
        "hh4b generate madgraph --process {params.process} {params.kappa} --sqrt-s {params.sqrt_s}"
        " --events {params.events} --delphes-card {input.card} --work {params.work}"
        " --sample {wildcards.sample} --seed {params.seed} --cores {threads}"
        " --launcher {params.launcher} --restart -o {output.events} > {log} 2>&1"
