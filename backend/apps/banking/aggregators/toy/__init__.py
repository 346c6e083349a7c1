"""A toy aggregator that no registry lists: it proves the contract in tests, and is there to copy from."""
