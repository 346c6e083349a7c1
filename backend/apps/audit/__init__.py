"""Who did what: one append-only table, which every app writes through `record`."""
