"""The sub-commands of the command line: strings and files in, library calls out."""
