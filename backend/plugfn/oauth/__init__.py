"""OAuth 2.0: sending users to a vendor's site, taking them back, and keeping what they granted fresh.

The messages are Authlib's (RFC 6749, RFC 7636); they travel over this library's own HTTP, which bounds sizes and times,
follows no redirect, and whose failures say whether the vendor can have acted. Authlib's own client offers none of that.
"""
