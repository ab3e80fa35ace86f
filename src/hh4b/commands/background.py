"""Commands: pp -> 4b at parton level."""
