"""Tools for tests of providers and storage adapters, this library's own and those of others."""
