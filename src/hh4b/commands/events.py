"""Commands: Ingestion and datasets."""
