"""HTTP: signed webhooks to an address that the user names, and reading what such an address answers."""

from plugfn.providers.http.actions import fetch, send_webhook
from plugfn.providers.http.definition import provider

__all__ = ["fetch", "provider", "send_webhook"]
