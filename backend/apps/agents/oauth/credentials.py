"""Codes and tokens of applications: made, found by their text, and used once where they work once."""

import hmac
from datetime import timedelta

from django.utils import timezone

from apps.agents.models import Credential, Grant
from apps.api.token_text import is_well_formed, make_text
from lib import crypto

Kind = Credential.Kind

# The beginnings let scanners and our log find them. lib/redact.py has them too.
BEGINNINGS = {Kind.CODE: "pontecode_", Kind.ACCESS: "ponteapp_", Kind.REFRESH: "ponteref_"}
LIFETIMES = {Kind.CODE: timedelta(minutes=1), Kind.ACCESS: timedelta(minutes=30), Kind.REFRESH: timedelta(days=30)}


def make(grant: Grant, kind: Credential.Kind, **more: str) -> str:
    """The text of a new credential, which is stored nowhere."""
    text = make_text(BEGINNINGS[kind])
    Credential.objects.create(
        grant=grant,
        kind=kind,
        lookup=_lookup(text),
        digest=_digest(text),
        expires_at=timezone.now() + LIFETIMES[kind],
        **more,
    )
    return text


def find(text: str, kind: Credential.Kind, *, lock: bool = False) -> Credential | None:
    """The credential with this text, also one that has expired or was used; None if there is none.

    `lock`: of several calls at once only one goes on, until the end of its transaction.
    """
    if not is_well_formed(text, BEGINNINGS[kind]):
        return None
    rows = Credential.objects.select_related("grant__application", "grant__member__user", "grant__member__client")
    if lock:
        rows = rows.select_for_update(of=("self", "grant"))
    row = rows.filter(lookup=_lookup(text), kind=kind).first()
    # The index has compared a digest already; this comparison takes the same time whatever differs.
    return row if row and hmac.compare_digest(bytes(row.digest), _digest(text)) else None


def is_current(credential: Credential) -> bool:
    """Whether it has neither expired nor been used, and its grant is valid."""
    is_fresh = credential.used_at is None and credential.expires_at > timezone.now()
    return is_fresh and Grant.objects.valid().filter(pk=credential.grant_id).exists()


def _lookup(text: str) -> bytes:
    return crypto.digest(text.encode(), "agents.Credential.lookup")


def _digest(text: str) -> bytes:
    return crypto.digest(text.encode(), "agents.Credential.digest")
