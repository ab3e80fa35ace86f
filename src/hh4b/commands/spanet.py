"""Commands: SPANet2."""
