"""The REST API of integrations."""
