"""A toy aggregator, which is not in the registry. It tests the contract, and is a small example to copy."""
