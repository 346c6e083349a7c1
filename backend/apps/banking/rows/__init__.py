"""Write an aggregator's rows: in batches, sealed, and only the rows that differ."""
