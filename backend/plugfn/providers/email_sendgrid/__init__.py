"""E-mail by Twilio SendGrid: messages over its v3 API, and what becomes of them as events."""

from plugfn.providers.email_sendgrid import actions
from plugfn.providers.email_sendgrid.definition import provider

__all__ = ["actions", "provider"]
