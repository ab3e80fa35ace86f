"""Commands: Templates, workspaces, limits."""
