# The likelihood in kappa_lambda: categories of the score, models, fits, pseudo-experiments.


rule category_templates:
    input:
        samples=lambda w: FILES.categories(w.selection),
        plugins=FILES.plugins(FILES.weights()),
        energy_weights=FILES.energy_weights(),
        parton_weights=FILES.parton_weights(),
    output:
        templates=LAYOUT.categories("{selection}"),
    log:
        f"{RESULTS}/logs/category_templates/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/category_templates/{{selection}}.tsv"
    group:
        step("category_templates")
    resources:
        **needs("category_templates"),
    params:
        files=lambda w: FILES.categories_option(w.selection),
        energies=option("--energy-weights", FILES.energy_weights()),
        weights=option("--parton-weights", FILES.parton_weights()),
        settings=settings("category_templates", "selection"),
        code=command("likelihood_templates:templates"),
    message:
        "Category templates of {wildcards.selection}"
    shell:
        "hh4b likelihood templates {params.files} {params.energies} {params.weights}"
        " --settings {params.settings:q} -o {output.templates:q} > {log:q} 2>&1"


rule likelihood_model:
    input:
        templates=rules.category_templates.output.templates,
    output:
        models=LAYOUT.likelihoods("model", "{selection}"),
    log:
        f"{RESULTS}/logs/likelihood_model/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/likelihood_model/{{selection}}.tsv"
    group:
        step("likelihood_model")
    resources:
        **needs("likelihood_model"),
    params:
        files=lambda w: f"{RESULTS}/likelihood/{w.selection}/model_{{energy}}tev_{{luminosity}}ifb.json",
        settings=settings("likelihood_model"),
        code=command("likelihood_templates:model"),
    message:
        "Likelihoods of {wildcards.selection}"
    shell:
        "hh4b likelihood model {input.templates:q} -o {params.files:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule likelihood_fit:
    input:
        model=f"{RESULTS}/likelihood/{{selection}}/model_{{point}}.json",
        redrawn=lambda w: FILES.redrawn(w.selection, w.point),
    output:
        fit=f"{RESULTS}/likelihood/{{selection}}/fit_{{point}}.json",
    log:
        f"{RESULTS}/logs/likelihood_fit/{{selection}}_{{point}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/likelihood_fit/{{selection}}_{{point}}.tsv"
    group:
        step("likelihood_fit")
    resources:
        **needs("likelihood_fit"),
    params:
        redrawn=lambda w: option("--redrawn", FILES.redrawn(w.selection, w.point)),
        settings=settings("likelihood_fit"),
        code=command("likelihood_fit:fit"),
    message:
        "Fitting the likelihood of {wildcards.selection}, {wildcards.point}"
    shell:
        "hh4b likelihood fit {input.model:q} {params.redrawn} -o {output.fit:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule likelihood_redraw:
    input:
        templates=rules.category_templates.output.templates,
        samples=lambda w: FILES.categories(w.selection),
        plugins=FILES.plugins(FILES.weights()),
        energy_weights=FILES.energy_weights(),
        parton_weights=FILES.parton_weights(),
    output:
        redrawn=LAYOUT.likelihood("redrawn", "{selection}"),
    log:
        f"{RESULTS}/logs/likelihood_redraw/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/likelihood_redraw/{{selection}}.tsv"
    group:
        step("likelihood_redraw")
    resources:
        **needs("likelihood_redraw"),
    params:
        files=lambda w: FILES.categories_option(w.selection),
        energies=option("--energy-weights", FILES.energy_weights()),
        weights=option("--parton-weights", FILES.parton_weights()),
        settings=settings("likelihood_redraw", "selection"),
        code=command("likelihood_templates:redraw"),
    message:
        "Redrawn likelihoods of {wildcards.selection}"
    shell:
        "hh4b likelihood redraw {input.templates:q} {params.files} {params.energies}"
        " {params.weights} --settings {params.settings:q} -o {output.redrawn:q} > {log:q} 2>&1"


rule likelihood_toys:
    input:
        model=f"{RESULTS}/likelihood/{{selection}}/model_{{point}}.json",
        redrawn=lambda w: FILES.redrawn(w.selection, w.point),
    output:
        toys=f"{RESULTS}/likelihood/{{selection}}/toys_{{point}}.json",
    log:
        f"{RESULTS}/logs/likelihood_toys/{{selection}}_{{point}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/likelihood_toys/{{selection}}_{{point}}.tsv"
    group:
        step("likelihood_toys")
    resources:
        **needs("likelihood_toys"),
    params:
        redrawn=lambda w: option("--redrawn", FILES.redrawn(w.selection, w.point)),
        settings=settings("likelihood_toys"),
        code=command("likelihood_toys:toys"),
    message:
        "Pseudo-experiments of {wildcards.selection}, {wildcards.point}"
    shell:
        "hh4b likelihood toys {input.model:q} {params.redrawn} -o {output.toys:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule likelihood_workspace:
    input:
        model=f"{RESULTS}/likelihood/{{selection}}/model_{{point}}.json",
    output:
        hs3=f"{RESULTS}/likelihood/{{selection}}/hs3_{{point}}.json",
        histfactory=f"{RESULTS}/likelihood/{{selection}}/histfactory_{{point}}.json",
    log:
        f"{RESULTS}/logs/likelihood_workspace/{{selection}}_{{point}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/likelihood_workspace/{{selection}}_{{point}}.tsv"
    group:
        step("likelihood_workspace")
    resources:
        **needs("likelihood_workspace"),
    params:
        settings=settings("likelihood_workspace"),
        code=command("likelihood_workspace:workspace"),
    message:
        "HS3 and HistFactory files of {wildcards.selection}, {wildcards.point}"
    shell:
        "hh4b likelihood workspace {input.model:q} -o {output.hs3:q}"
        " --histfactory {output.histfactory:q} --settings {params.settings:q} > {log:q} 2>&1"


rule likelihood_couplings:
    input:
        templates=rules.category_templates.output.templates,
        samples=lambda w: FILES.coupling_rows(w.selection),
        energy_weights=FILES.headline_weights(),
    output:
        couplings=LAYOUT.likelihood("couplings", "{selection}"),
    log:
        f"{RESULTS}/logs/likelihood_couplings/{{selection}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/likelihood_couplings/{{selection}}.tsv"
    group:
        step("likelihood_couplings")
    resources:
        **needs("likelihood_couplings"),
    params:
        files=lambda w: FILES.coupling_option(w.selection),
        energies=option("--energy-weights", FILES.headline_weights()),
        settings=settings("likelihood_couplings"),
        code=command("likelihood_couplings:couplings"),
    message:
        "Contours of couplings of {wildcards.selection}"
    shell:
        "hh4b likelihood couplings {input.templates:q} {params.files} {params.energies}"
        " -o {output.couplings:q} --settings {params.settings:q} > {log:q} 2>&1"
