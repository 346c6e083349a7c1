"""WhatsApp through uazapiGO v2: texts, media, number checks; messages and receipts by webhook. See README.md."""

from plugfn.providers.whatsapp_uazapi import actions
from plugfn.providers.whatsapp_uazapi.definition import provider

__all__ = ["actions", "provider"]
