"""The authorization server for agents (OAuth 2.1): registration, consent, tokens, revocation."""
