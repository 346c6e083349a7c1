"""What agents leave of clients and people: connected applications and the log of calls."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.agents.models import Application, Call, Credential, Grant
from apps.clients.personal_data import delete_some, register, register_person

# Days that the log of calls is kept.
CALLS_STAY = timedelta(days=90)
# An application that nobody allowed anything within this time is forgotten.
UNUSED_STAYS = timedelta(days=1)
# A used refresh token that comes again is noticed for as long as it would have been valid.
ENDED_STAYS = timedelta(days=30)


def _old_calls() -> int:
    return delete_some(Call.objects.filter(at__lte=timezone.now() - CALLS_STAY))


def _ended() -> int:
    """Expired codes and tokens, then grants without any, then applications without grants."""
    now = timezone.now()
    unused = Application.objects.filter(created_at__lte=now - UNUSED_STAYS, grants=None)
    return (
        delete_some(Credential.objects.filter(expires_at__lte=now))
        or delete_some(Grant.objects.filter(expires_at__lte=now - ENDED_STAYS))
        or delete_some(Grant.objects.filter(connected_at=None, created_at__lte=now - UNUSED_STAYS))
        or delete_some(unused)
    )


register(Call, _("Calls of agents' tools"), purge=_old_calls, order=10)
# A grant belongs to a membership, with which it ends; so it ends with its client too.
register_person(
    Grant,
    _("Connected applications"),
    lambda user: [Grant._base_manager.filter(member__user_id=user)],
    order=5,
    purge=_ended,
)
