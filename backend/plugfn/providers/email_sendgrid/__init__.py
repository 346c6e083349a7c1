"""E-mail by Twilio SendGrid: sends messages over its v3 API, and receives its delivery events."""

from plugfn.providers.email_sendgrid import actions
from plugfn.providers.email_sendgrid.definition import provider

__all__ = ["actions", "provider"]
