"""HTTP: sends signed webhooks to a URL that the user enters, and reads that URL."""

from plugfn.providers.http.actions import fetch, send_webhook
from plugfn.providers.http.definition import provider

__all__ = ["fetch", "provider", "send_webhook"]
