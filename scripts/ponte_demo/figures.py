"""The demo's figures: what the sandbox sent, how it was answered, and what is in our database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils import timezone

from apps.banking.models import Account, CreditCardBill, Investment, Loan, Transaction
from apps.events.models import Event, Mailbox
from apps.integrations.models import Message, Send
from apps.integrations.models.conversation import Direction
from ponte_demo.balance import Counts
from ponte_demo.percentile import percentile

Figures = dict[str, dict[str, float | int | None]]


def synced(item_id: str) -> dict[str, int]:
    """Live rows of one item, by product."""
    of_accounts = {"account__connection__vendor_id": item_id}
    rows: dict[str, QuerySet[Any]] = {
        "accounts": Account.objects.filter(connection__vendor_id=item_id),
        "transactions": Transaction.objects.filter(**of_accounts),
        "investments": Investment.objects.filter(connection__vendor_id=item_id),
        "bills": CreditCardBill.objects.filter(**of_accounts),
        "loans": Loan.objects.filter(connection__vendor_id=item_id),
    }
    return {name: found.filter(deleted_at=None).count() for name, found in rows.items()}


@dataclass(frozen=True)
class NewEvents:
    """Events since the demo began."""

    after: int

    @classmethod
    def now(cls) -> "NewEvents":
        newest = Event.objects.order_by("-id").values_list("id", flat=True).first()
        return cls(newest or 0)

    def events(self) -> QuerySet[Event]:
        return Event.objects.filter(id__gt=self.after)

    def pending(self) -> int:
        """Pending events of all sources: follow-ups of a webhook count too."""
        return self.events().filter(state=Event.State.PENDING).count()

    def webhooks(self) -> dict[str, int]:
        """Webhooks in our database by state, and `accepted` for all of them."""
        states = self.events().filter(source="pluggy").values_list("state").annotate(Count("id"))
        found = {"done": 0, "pending": 0, "dead": 0, **dict(states)}
        return {"accepted": sum(found.values()), **found}

    def unfinished(self) -> list[str]:
        """Kind, outcome and error of the first events that are not done."""
        open_or_dead = self.events().exclude(state=Event.State.DONE).order_by("id")[:5]
        return [f"{e.kind} {e.state} {e.outcome} {e.error_type} {e.error_code}".strip() for e in open_or_dead]


@dataclass(frozen=True)
class NewMessages:
    """A client's messages since the demo began."""

    client: UUID
    since: datetime
    events: NewEvents

    def counts(self) -> Counts:
        """What became of them, as of now."""
        written = Message.objects.filter(client=self.client, direction=Direction.IN, at__gte=self.since)
        events = self.events.events().exclude(source="pluggy")
        return Counts(
            sends=dict(self._sends().values_list("state").annotate(Count("id"))),
            received=written.count(),
            dead=events.filter(state=Event.State.DEAD).count(),
            pending=self.events.pending(),
            held=Mailbox.objects.filter(lease_until__gt=timezone.now()).count(),
        )

    def describe(self) -> str:
        """What is not done yet, for an error message."""
        sends = [f"{send.provider} {send.state} {send.error_code}".strip() for send in self._sends()]
        return "; ".join([*sends, *self.events.unfinished(), str(self.counts())])

    def _sends(self) -> QuerySet[Send]:
        return Send.objects.defer("params_sealed").filter(client=self.client, created_at__gte=self.since)


def webhooks(deliveries: list[dict[str, Any]], stored: dict[str, int]) -> dict[str, int]:
    """`sent`: requests; `duplicates`: requests answered 200 that made no row; and the rows by state."""
    statuses = [attempt["status"] for delivery in deliveries for attempt in delivery["attempts"]]
    return {"sent": len(statuses), "duplicates": statuses.count(200) - stored["accepted"], **stored}


def accept_ms(deliveries: list[dict[str, Any]]) -> dict[str, float | None]:
    """How long the sender waited for each 200, milliseconds."""
    times = sorted(a["ms"] for d in deliveries for a in d["attempts"] if a["status"] == 200)
    return {"p50": percentile(times, 0.5), "p99": percentile(times, 0.99), "max": times[-1] if times else None}
