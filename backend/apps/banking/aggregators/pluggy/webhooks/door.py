"""Pluggy's door: it checks the proof of a webhook, reads it, and says which transactions it names."""

from collections.abc import Mapping
from uuid import UUID

from apps.banking.aggregators.contract import Change, Door, Notification
from apps.banking.aggregators.pluggy.rows.values import parse
from apps.banking.aggregators.pluggy.webhooks.authenticity import Proofs, is_authentic, only_member
from apps.banking.aggregators.pluggy.webhooks.notification import read_notification


class PluggyDoor(Door):
    """The door of one application."""

    def __init__(self, proofs: Proofs) -> None:
        self._proofs = proofs

    def is_configured(self) -> bool:
        """Whether a secret is set."""
        return self._proofs.is_configured

    def proves(self, environ: Mapping[str, object], body: bytes | None, token: str | None) -> bool:
        """Whether the secret in the header, the signature or the token in the path is valid."""
        return is_authentic(self._proofs, environ, body, token)

    def only_member(self, environ: Mapping[str, object], body: bytes, token: str) -> UUID | None:
        """The membership in the token, unless the secret or the signature is valid too."""
        return only_member(self._proofs, environ, body, token)

    def is_signed(self, environ: Mapping[str, object]) -> bool:
        """Whether there is a signature, and a secret to check it with."""
        return bool(self._proofs.signature_in(environ))

    def read(self, body: bytes) -> Notification:
        """The notification in the body. Raises Malformed."""
        return read_notification(body)

    def change(self, kind: str, payload: Mapping[str, object]) -> Change:
        """transactions/created names a moment; transactions/updated and transactions/deleted name ids."""
        account, since = payload.get("accountId"), payload.get("transactionsCreatedAtFrom")
        account_id = account if isinstance(account, str) else ""
        if kind == "transactions/created":
            return Change(account_id, since=parse(since) if isinstance(since, str) else None)
        ids = payload.get("transactionIds")
        entries = ids if isinstance(ids, list) else []
        return Change(account_id, ids=frozenset(entry for entry in entries if isinstance(entry, str)))
