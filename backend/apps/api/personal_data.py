"""What the API holds of people: their tokens, without what opens anything."""

from django.utils.translation import gettext_lazy as _

from apps.api.models import AccessToken
from apps.clients.personal_data import register_person

# A token belongs to a membership, with which it ends; so it ends with its client too.
register_person(
    AccessToken,
    _("Access tokens"),
    lambda user: [AccessToken._base_manager.filter(member__user_id=user)],
    order=5,
)
