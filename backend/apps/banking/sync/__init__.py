"""Making our rows say what an aggregator says of one item, and keeping them so."""
