# Parton-level events, shower and detector.


rule generate_hh:
    output:
        partons=f"{RESULTS}/partons/{{sample}}.lhe.gz",
    log:
        f"{RESULTS}/logs/generate_hh/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/generate_hh/{{sample}}.tsv"
    wildcard_constraints:
        sample=names_pattern(LAYOUT.of_source("gg_hh")),
    group:
        step("generate_hh")
    resources:
        **needs("generate_hh"),
    params:
        settings=settings("generate_hh", "sample"),
        code=command("signal:generate_hh"),
    message:
        "Generating gg -> HH -> 4b partons: {wildcards.sample}"
    shell:
        "hh4b generate hh --settings {params.settings:q} -o {output.partons:q} > {log:q} 2>&1"


rule generate_resonance:
    output:
        partons=f"{RESULTS}/partons/{{sample}}.lhe.gz",
    log:
        f"{RESULTS}/logs/generate_resonance/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/generate_resonance/{{sample}}.tsv"
    wildcard_constraints:
        sample=names_pattern(LAYOUT.of_source("resonance")),
    group:
        step("generate_resonance")
    resources:
        **needs("generate_resonance"),
    params:
        settings=settings("generate_resonance", "sample"),
        code=command("signal:generate_resonance"),
    message:
        "Generating X -> HH -> 4b partons: {wildcards.sample}"
    shell:
        "hh4b generate resonance --settings {params.settings:q} -o {output.partons:q} > {log:q} 2>&1"


rule generate_four_b:
    output:
        partons=f"{RESULTS}/partons/{{sample}}.lhe.gz",
    log:
        f"{RESULTS}/logs/generate_four_b/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/generate_four_b/{{sample}}.tsv"
    wildcard_constraints:
        sample=names_pattern(LAYOUT.of_source("four_b")),
    group:
        step("generate_four_b")
    resources:
        **needs("generate_four_b"),
    params:
        settings=settings("generate_four_b", "sample"),
        code=command("background:generate_four_b"),
    message:
        "Generating pp -> 4b partons: {wildcards.sample}"
    shell:
        "hh4b generate 4b --settings {params.settings:q} -o {output.partons:q} > {log:q} 2>&1"


# Parton events of other generators, in the form of our own.
rule take_partons:
    input:
        files=lambda w: FILES.taken_files(w.sample),
    output:
        partons=f"{RESULTS}/partons/{{sample}}.lhe.gz",
    log:
        f"{RESULTS}/logs/take_partons/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/take_partons/{{sample}}.tsv"
    wildcard_constraints:
        sample=names_pattern(LAYOUT.of_source("lhe")),
    group:
        step("take_partons")
    resources:
        **needs("take_partons"),
    params:
        files=lambda w: FILES.taken_arguments(w.sample),
        settings=settings("take_partons", "sample"),
        code=command("other_generators:take_partons"),
    message:
        "Taking parton events of another generator: {wildcards.sample}"
    shell:
        "hh4b take-partons {params.files} -o {output.partons:q} --settings {params.settings:q}"
        " > {log:q} 2>&1"


# Where particle events of other generators are, and what they weigh.
rule take_particles:
    input:
        files=lambda w: FILES.taken_files(w.sample),
    output:
        index=f"{RESULTS}/particles/{{sample}}.json",
    log:
        f"{RESULTS}/logs/take_particles/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/take_particles/{{sample}}.tsv"
    wildcard_constraints:
        sample=names_pattern(LAYOUT.of_source("hepmc")),
    group:
        step("take_particles")
    resources:
        **needs("take_particles"),
    params:
        files=lambda w: FILES.taken_arguments(w.sample),
        settings=settings("take_particles", "sample"),
        code=command("other_generators:take_particles"),
    message:
        "Taking particle events of another generator: {wildcards.sample}"
    shell:
        "hh4b take-particles {params.files} -o {output.index:q} --settings {params.settings:q}"
        " > {log:q} 2>&1"


rule simulate:
    input:
        partons=lambda w: LAYOUT.generator_events(w.sample),
        detector=STUDY.simulation.detector,
    output:
        events=f"{RESULTS}/events/{{sample}}/{{chunk}}.root",
    log:
        f"{RESULTS}/logs/simulate/{{sample}}_{{chunk}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/simulate/{{sample}}_{{chunk}}.tsv"
    wildcard_constraints:
        sample=names_pattern(set(LAYOUT.samples) - set(LAYOUT.detector_varied)),
    group:
        step("simulate")
    resources:
        **needs("simulate"),
    params:
        settings=settings("simulate", "sample", "chunk"),
        code=command("simulation:simulate_command"),
    message:
        "Showering and simulating {wildcards.sample}, chunk {wildcards.chunk}"
    shell:
        "hh4b simulate {input.partons:q} -o {output.events:q} --detector {input.detector:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


# Samples that a systematic of the detector changes: every detector for the same showers.
rule simulate_variations:
    input:
        partons=lambda w: LAYOUT.generator_events(w.sample),
        detector=STUDY.simulation.detector,
    output:
        events=f"{RESULTS}/events/{{sample}}/{{chunk}}.root",
        varied=[
            f"{RESULTS}/{one.prefix}events/{{sample}}/{{chunk}}.root"
            for one in LAYOUT.detector_variations
        ],
    log:
        f"{RESULTS}/logs/simulate/{{sample}}_{{chunk}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/simulate/{{sample}}_{{chunk}}.tsv"
    wildcard_constraints:
        sample=names_pattern(LAYOUT.detector_varied),
    group:
        step("simulate_variations")
    resources:
        **needs("simulate_variations"),
    params:
        settings=settings("simulate", "sample", "chunk"),
        varied=lambda w: FILES.varied_option(w.sample, w.chunk),
        code=command("simulation:simulate_command"),
    message:
        "Showering {wildcards.sample}, chunk {wildcards.chunk}, and simulating every detector"
    shell:
        "hh4b simulate {input.partons:q} -o {output.events:q} --detector {input.detector:q}"
        " {params.varied} --settings {params.settings:q} > {log:q} 2>&1"


rule simulate_shower:
    input:
        partons=f"{RESULTS}/partons/{{sample}}.lhe.gz",
        detector=STUDY.simulation.detector,
    output:
        events=f"{RESULTS}/{{variation}}events/{{sample}}/{{chunk}}.root",
    log:
        f"{RESULTS}/{{variation}}logs/simulate/{{sample}}_{{chunk}}.log",
    benchmark:
        f"{RESULTS}/{{variation}}benchmarks/simulate/{{sample}}_{{chunk}}.tsv"
    wildcard_constraints:
        variation=names_pattern(
            v.prefix for v in LAYOUT.variations if v.effect == "shower"
        ),
    group:
        step("simulate_shower")
    resources:
        **needs("simulate_shower"),
    params:
        settings=settings("simulate", "sample", "chunk", "variation"),
        code=command("simulation:simulate_command"),
    message:
        "Showering and simulating {wildcards.variation}{wildcards.sample}, chunk {wildcards.chunk}"
    shell:
        "hh4b simulate {input.partons:q} -o {output.events:q} --detector {input.detector:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule generate_madgraph:
    input:
        card=lambda w: LAYOUT.samples[w.sample].definition.delphes_card,
    output:
        events=f"{RESULTS}/events/{{sample}}/madgraph.root",
    log:
        f"{RESULTS}/logs/generate_madgraph/{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/generate_madgraph/{{sample}}.tsv"
    wildcard_constraints:
        sample=names_pattern(LAYOUT.of_source("madgraph")),
    group:
        step("generate_madgraph")
    # No more than --cores, where that is given.
    threads: 8
    resources:
        **needs("generate_madgraph"),
    params:
        settings=settings("generate_madgraph", "sample"),
        work=lambda w, output: f"{output.events}.work",
        code=command("events:generate_madgraph"),
    message:
        "Generating with MG5_aMC, Pythia 8 and Delphes: {wildcards.sample}"
    shell:
        "hh4b generate madgraph --settings {params.settings:q} --delphes-card {input.card:q}"
        " --work {params.work:q} --cores {threads} --restart -o {output.events:q} > {log:q} 2>&1"
