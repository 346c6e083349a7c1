"""The endpoints that are about the caller: login, person, clients, tokens."""
