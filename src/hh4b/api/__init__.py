"""The public functions of the package, for a notebook: arrays and small objects in and out.

They are what `import hh4b` offers (`hh4b.read_dataset`, `hh4b.pair`, …; docs/api.md): a thin layer
over the library that checks what it is given and loads nothing before it is called.
"""
