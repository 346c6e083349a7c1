"""The tables of the mailbox: events, leases, the tally that proves that no event was lost, and replays."""

from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.clients.models import Client
from lib import crypto
from lib.sealed import decode

# The end of a lease that was never taken, and the time of a bell that never rang.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Event(models.Model):
    """One event, stored once: the pair (source, event_id) is unique until the retention deletes the event.

    `payload` is sealed bytes, not jsonb, because jsonb refuses some JSON that vendors may send (\\u0000, lone
    surrogates, 1e200000).
    """

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        DONE = "done", _("done")
        DEAD = "dead", _("dead")

    sealed_columns = ("payload",)

    # The aggregator and its application (20 + 1 + 40 letters), or another sender.
    source = models.CharField(max_length=64)
    event_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=100)
    mailbox = models.CharField(max_length=200)
    client = models.ForeignKey(Client, null=True, on_delete=models.SET_NULL, related_name="+")
    payload = models.BinaryField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    outcome = models.CharField(max_length=40, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    available_at = models.DateTimeField(db_default=Now())
    error_type = models.CharField(max_length=32, blank=True, default="")
    error_code = models.CharField(max_length=80, blank=True, default="")
    caused_by = models.BigIntegerField(null=True)
    depth = models.PositiveSmallIntegerField(default=0)
    # Set if the sender's proof counted for this membership's items alone. The membership may not exist: compare it.
    token_member = models.UUIDField(null=True)
    received_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        permissions = [
            ("replay_event", "Can replay events"),
            ("discard_event", "Can discard events"),
            ("view_payload", "Can see the payloads of events"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "event_id"], name="event_once"),
            models.CheckConstraint(condition=models.Q(state__in=["pending", "done", "dead"]), name="event_state_known"),
            models.CheckConstraint(
                condition=models.Q(state="pending", finished_at=None)
                | (~models.Q(state="pending") & models.Q(finished_at__isnull=False)),
                name="event_finished_when_not_pending",
            ),
        ]
        indexes = [
            models.Index(
                fields=["available_at", "id"],
                include=["mailbox"],
                name="event_due",
                condition=models.Q(state="pending"),
            ),
            models.Index(fields=["mailbox", "id"], name="event_waiting", condition=models.Q(state="pending")),
            models.Index(fields=["id"], name="event_dead", condition=models.Q(state="dead")),
            models.Index(fields=["finished_at"], name="event_done", condition=models.Q(state="done")),
            # For people who look for events. All but the first wait until an event is done, so that accepting one
            # does not pay for them.
            models.Index(fields=["kind", "-id"], name="event_kind"),
            models.Index(fields=["outcome", "-id"], name="event_outcome", condition=models.Q(state="done")),
            models.Index(fields=["mailbox", "-id"], name="event_mailbox_done", condition=models.Q(state="done")),
            models.Index(fields=["mailbox", "-id"], name="event_mailbox_dead", condition=models.Q(state="dead")),
            models.Index(fields=["caused_by"], name="event_effects", condition=models.Q(caused_by__isnull=False)),
            # What a client is told of, newest first. Webhooks are not in it, so accepting one costs the same.
            models.Index(fields=["client", "-id"], name="event_of_client", condition=models.Q(source="ponte")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"

    @staticmethod
    def seal(source: str, event_id: str, payload: bytes) -> bytes:
        """Encrypt the payload, bound to its event."""
        return crypto.seal(payload, f"events.Event|{source}|{event_id}|payload")

    @property
    def raw_payload(self) -> bytes:
        """The decrypted bytes of the payload, as they were accepted. Raises lib.crypto.Unreadable."""
        return crypto.unseal(bytes(self.payload), f"events.Event|{self.source}|{self.event_id}|payload")

    @property
    def data(self) -> dict[str, Any]:
        """The payload as a JSON object."""
        value: dict[str, Any] = decode(self.raw_payload)
        return value

    def seal_context(self, column: str) -> str:
        """The context to which the ciphertext of `column` is bound. lib.rotation calls this for every sealed model."""
        return f"events.Event|{self.source}|{self.event_id}|{column}"


class Mailbox(models.Model):
    """One thing that events are about. Only the worker with the current token may work on it, until lease_until."""

    key = models.CharField(primary_key=True, max_length=200)
    token = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(db_default=models.Value(LONG_AGO))
    rung_at = models.DateTimeField(db_default=models.Value(LONG_AGO))

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")
        indexes = [models.Index(fields=["rung_at"], name="mailbox_rung")]

    def __str__(self) -> str:
        return self.key


class Tally(models.Model):
    """Counters of the books: events accepted, finished as done, and purged. The sums over all rows count.

    accepted = done + pending + dead + purged, always. Each committer updates a row of its own, all other processes add
    rows, and the sweep folds the rows into one. So no process waits for another to count.
    """

    slot = models.BigIntegerField(primary_key=True)
    accepted = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    purged = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")

    def __str__(self) -> str:
        return f"slot {self.slot}"


class Replay(models.Model):
    """The audit of a replay: the event, who replayed it and why, and the event's earlier state and error."""

    event = models.ForeignKey(Event, null=True, on_delete=models.SET_NULL, related_name="replays")
    kind = models.CharField(max_length=100)
    actor = models.CharField(max_length=150)
    reason = models.CharField(max_length=200, blank=True)
    was_state = models.CharField(max_length=8)
    was_error_code = models.CharField(max_length=80, blank=True)
    replayed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("replay")
        verbose_name_plural = _("replays")
        ordering = ["-replayed_at"]

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor}"


class Hour(models.Model):
    """How many events of one kind arrived in one hour. A periodic task counts them; see rollup.py.

    The row with an empty `source` and `kind` holds the sum of its hour, also if that is 0: it says that the hour has
    been counted.
    """

    hour = models.DateTimeField()
    source = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=100, blank=True)
    accepted = models.IntegerField()
    dead = models.IntegerField()

    class Meta:
        verbose_name = _("events of an hour")
        verbose_name_plural = _("events by hour")
        constraints = [models.UniqueConstraint(fields=["hour", "source", "kind"], name="event_hour_once")]

    def __str__(self) -> str:
        return f"{self.accepted} of {self.kind or 'all kinds'} in {self.hour:%Y-%m-%d %H:00}"
