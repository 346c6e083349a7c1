"""What the API holds of people: their tokens, without what opens anything."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from apps.api.models import AccessToken
from apps.clients.personal_data import delete_some, register_person, without


def _expired_logins() -> int:
    """Ids of refresh tokens that have expired, whether void or not."""
    return delete_some(OutstandingToken.objects.filter(expires_at__lte=timezone.now()))


# A token belongs to a membership, with which it ends; so it ends with its client too.
register_person(
    AccessToken,
    _("Access tokens"),
    lambda user: [AccessToken._base_manager.filter(member__user_id=user)],
    order=5,
)
register_person(
    OutstandingToken,
    _("JSON web tokens"),
    lambda user: [OutstandingToken._base_manager.filter(user_id=user)],
    export=without("jti", "token"),
    purge=_expired_logins,
)
