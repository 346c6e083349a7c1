"""How a session becomes a person: with the profile, in one query."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import User


class People(AuthenticationBackend):  # type: ignore[misc]
    """Signs people in, and reads their profile together with them, because every page needs it."""

    def get_user(self, user_id: int) -> User | None:
        """The person of a session; None if there is none, or if the person is barred."""
        user = User.objects.select_related("profile").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
