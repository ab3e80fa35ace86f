"""Commands: gg -> HH and X -> HH at parton level."""
