"""The addresses to which vendors post: /webhooks/<slug>/<integration>/<secret>/, or /webhooks/<slug>/ for all.

A vendor may append words to an address, such as the kind of the event: they are ignored.
"""

from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from django.conf import settings

from apps.integrations.catalogue import BY_SLUG, Entry
from apps.integrations.models import Integration
from plugfn.inbound import Webhooks

PREFIX = "/webhooks/"
# Longer texts are no secrets of ours, and are not hashed.
LONGEST_SECRET = 200


@dataclass(frozen=True, slots=True)
class Place:
    """What an address names. `integration` is None for a provider with one address for all its integrations."""

    entry: Entry
    webhooks: Webhooks
    integration: UUID | None
    secret: str = field(repr=False)


def address_of(integration: Integration, secret: str) -> str:
    """The address of one integration. The secret is in PlugFn's `new_webhook_url`."""
    public = settings.PUBLIC_URL or "http://localhost:8000"
    return f"{public}{PREFIX}{integration.entry.slug}/{integration.pk.hex}/{secret}/"


def read_path(path: str) -> Place | None:
    """The place that a path names; None for any other path."""
    slug, *rest = path.removeprefix(PREFIX).split("/", 3)
    if slug not in BY_SLUG or (webhooks := _webhooks(slug)) is None:
        return None
    entry = BY_SLUG[slug]
    if not webhooks.per_connection:
        return Place(entry, webhooks, None, "") if rest in ([], [""]) else None
    return _own_place(entry, webhooks, rest)


@cache
def _webhooks(slug: str) -> Webhooks | None:
    return BY_SLUG[slug].definition.webhooks


def _own_place(entry: Entry, webhooks: Webhooks, rest: list[str]) -> Place | None:
    if len(rest) < 2 or not 0 < len(rest[1]) <= LONGEST_SECRET or len(rest[0]) > 36:
        return None
    try:
        return Place(entry, webhooks, UUID(rest[0]), rest[1])
    except ValueError:
        return None
