"""E-mail over SMTP: sends with the user's own address, through the user's own server."""

from plugfn.providers.email_smtp import actions
from plugfn.providers.email_smtp.definition import provider

__all__ = ["actions", "provider"]
