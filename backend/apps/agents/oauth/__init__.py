"""The authorization server for agents (OAuth 2.1): registration, consent, tokens, revocation. docs/adr/0040 says why."""
