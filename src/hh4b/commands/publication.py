"""Commands: Tables and figures."""
