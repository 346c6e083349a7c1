"""What tests of providers and of storage adapters stand on, this library's own and those of others."""
