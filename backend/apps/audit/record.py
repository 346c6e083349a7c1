"""Write an entry into the audit."""

from uuid import UUID

from django.db.models import Model

from apps.audit.models import Entry

Detail = str | int | bool | None | list[str] | list[int]
Via = Entry.Via


def record(
    action: str,
    *,
    actor: int | None = None,
    via: Via = Via.SESSION,
    token: int | None = None,
    subject: Model | str = "",
    client: UUID | None = None,
    reason: str = "",
    **details: Detail,
) -> Entry:
    """Add an entry. `action` is `thing.verb`, such as `event.replay`; `actor` is the id of a user.

    Call it in the transaction of the action, so that both commit or none does. Details are ids, codes and counts, never
    names, addresses, numbers or what somebody typed.
    """
    return Entry.objects.create(
        action=action,
        actor=actor,
        via=via,
        token=token,
        subject=subject if isinstance(subject, str) else name_of(subject),
        client=client,
        reason=reason[:200],
        details=details,
    )


def name_of(row: Model) -> str:
    """How an entry names a row: `app.model:id`."""
    return f"{row._meta.label_lower}:{row.pk}"
