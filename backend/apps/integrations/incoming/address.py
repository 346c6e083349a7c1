"""The addresses to which vendors post: /webhooks/<slug>/<integration>/<secret>/, or /webhooks/<slug>/ for all.

A vendor may append words to an address, such as the kind of the event: they are ignored.
"""

from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from apps.integrations.catalogue import BY_SLUG, Entry
from apps.integrations.models import Integration
from apps.integrations.plug import public_url
from plugfn.definition import Provider
from plugfn.inbound import Webhooks

PREFIX = "/webhooks/"
# Longer texts are no secrets of ours, and are not hashed.
LONGEST_SECRET = 200
LONGEST_UUID = 36


@dataclass(frozen=True, slots=True)
class Place:
    """What an address names. `integration` is None for a provider with one address for all its integrations."""

    entry: Entry
    provider: Provider
    webhooks: Webhooks
    integration: UUID | None
    secret: str = field(repr=False)


def address_of(integration: Integration, secret: str) -> str:
    """The address of one integration. The secret is in PlugFn's `new_webhook_url`."""
    return f"{public_url()}{PREFIX}{integration.entry.slug}/{integration.pk.hex}/{secret}/"


def read_path(path: str) -> Place | None:
    """The place that a path names; None for any other path."""
    slug, *rest = path.removeprefix(PREFIX).split("/", 3)
    entry = BY_SLUG.get(slug)
    provider = None if entry is None else _provider(slug)
    if entry is None or provider is None or provider.webhooks is None:
        return None
    if not provider.webhooks.per_connection:
        return Place(entry, provider, provider.webhooks, None, "") if rest in ([], [""]) else None
    if len(rest) < 2 or not 0 < len(rest[1]) <= LONGEST_SECRET or (integration := _uuid(rest[0])) is None:
        return None
    return Place(entry, provider, provider.webhooks, integration, rest[1])


@cache
def _provider(slug: str) -> Provider:
    return BY_SLUG[slug].definition


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) <= LONGEST_UUID else None
    except ValueError:
        return None
