"""Which configuration made this: of a run, of a file and of what that is made from."""
