"""OAuth 2.0: sends users to a vendor's site, receives them back, and keeps their tokens fresh.

Authlib builds the messages (RFC 6749, RFC 7636). PlugFn's own HTTP client sends them: it bounds sizes and times,
follows no redirects, and reports whether a failed request may have acted. Authlib's own client does not.
"""
