"""One module per table of the note, each with ``build(inputs, reference) -> Table``."""
