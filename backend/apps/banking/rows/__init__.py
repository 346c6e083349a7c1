"""Writing an aggregator's rows: in batches, sealed, and only where they differ."""
