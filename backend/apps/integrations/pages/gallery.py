"""The gallery: every service that can be connected, and the accounts that are."""

from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse

from apps.integrations.catalogue import ENTRIES, Entry
from apps.integrations.connect.labels import labels_of
from apps.integrations.models import Integration
from apps.integrations.pages.base import IntegrationsPage
from apps.integrations.pages.card import Card, card_of
from apps.integrations.plug import is_offered


@dataclass(frozen=True)
class Service:
    """A service, and the client's accounts at it. `missing` names the settings without which it is not offered."""

    entry: Entry
    is_offered: bool
    cards: list[Card] = field(default_factory=list)

    @property
    def missing(self) -> tuple[str, ...]:
        name = self.entry.provider.upper()
        return () if self.is_offered else (f"{name}_CLIENT_ID", f"{name}_CLIENT_SECRET")

    @property
    def may_connect(self) -> bool:
        """Whether there may be one more."""
        return self.is_offered and (self.entry.several or not self.cards)

    @property
    def needs_person(self) -> bool:
        return any(card.needs_person for card in self.cards)


class Gallery(IntegrationsPage):
    """All services, in the order of the catalogue."""

    template_name = "integrations/gallery.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        with self.own_rows():
            rows = list(self.visible(Integration).defer("sealed").order_by("provider", "created_at", "pk"))
        labels = labels_of(self.membership.client_id) if rows else {}
        cards = [card_of(row, labels.get(row.pk, "")) for row in rows]
        services = [_service(entry, cards) for entry in ENTRIES]
        return self.show(services=services, is_empty=not rows)


def _service(entry: Entry, cards: list[Card]) -> Service:
    own = [card for card in cards if card.integration.provider == entry.provider]
    return Service(entry, is_offered(entry), own)
