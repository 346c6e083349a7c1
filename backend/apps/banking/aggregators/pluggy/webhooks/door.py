"""Pluggy's side of the door: what proves a webhook, what it says, and which transactions it names."""

from collections.abc import Mapping

from apps.banking.aggregators.contract import Change, Door, Notification
from apps.banking.aggregators.pluggy.rows.values import parse
from apps.banking.aggregators.pluggy.webhooks.authenticity import Proofs, is_authentic
from apps.banking.aggregators.pluggy.webhooks.notification import read_notification


class PluggyDoor(Door):
    """The door for one application."""

    def __init__(self, proofs: Proofs) -> None:
        self._proofs = proofs

    def is_configured(self) -> bool:
        """Whether a secret is set."""
        return self._proofs.is_configured

    def proves(self, environ: Mapping[str, object], body: bytes, token: str | None) -> bool:
        """By the header's secret, the signature or the token in the path."""
        return is_authentic(self._proofs, environ, body, token)

    def read(self, body: bytes) -> Notification:
        """The notification. Raises Malformed."""
        return read_notification(body)

    def change(self, kind: str, payload: Mapping[str, object]) -> Change:
        """transactions/created names a moment, /updated and /deleted name ids."""
        account, since = payload.get("accountId"), payload.get("transactionsCreatedAtFrom")
        named = account if isinstance(account, str) else ""
        if kind == "transactions/created":
            return Change(named, since=parse(since) if isinstance(since, str) else None)
        ids = payload.get("transactionIds")
        listed = ids if isinstance(ids, list) else []
        return Change(named, ids=frozenset(entry for entry in listed if isinstance(entry, str)))
