"""One module per kind of table or figure: ``build(...) -> Table`` or ``draw(...) -> Figure``."""
