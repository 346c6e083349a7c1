"""Emulator of a strict OAuth 2.0 authorization server with one API: PKCE, single-use codes, rotated refresh tokens.

Speaks RFC 6749 (code grant, refresh), RFC 7636 (S256), RFC 7009 (revocation), RFC 9207 (iss). A code or refresh token
that is used twice ends its grant, as OAuth 2.0 Security (RFC 9700, 4.14) advises.
"""
