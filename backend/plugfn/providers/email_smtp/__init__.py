"""E-mail over any SMTP server: the user's own, with their own address."""

from plugfn.providers.email_smtp import actions
from plugfn.providers.email_smtp.definition import provider

__all__ = ["actions", "provider"]
