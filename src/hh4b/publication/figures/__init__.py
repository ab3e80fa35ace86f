"""One module per figure, each with ``draw(inputs, style) -> matplotlib Figure``."""
