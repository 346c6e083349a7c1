"""Tools for tests of providers and storage adapters, PlugFn's own and those of others."""
