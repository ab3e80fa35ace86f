"""A figure of the user: expected events of selections."""

from matplotlib.figure import Figure

from hh4b.publication.inputs import RunFile


def draw(inputs, settings, style):
    """Draw one bar a selection: the sum of its background templates."""
    figure = Figure(figsize=style.size())
    axes = figure.add_subplot()
    for key in inputs.files:
        if key.startswith("templates."):
            backgrounds = RunFile.read(inputs.one(key)).get("backgrounds")
            total = sum(sum(rows[0]["sum_weights"]) for rows in backgrounds.values())
            axes.bar(settings.label(key), total)
    axes.set_ylabel("Background efficiency")
    return figure
