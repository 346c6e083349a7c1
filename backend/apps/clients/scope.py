"""The rows that a user may see: querysets limited to the clients of which the user is a member."""

from typing import Self, TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models

from apps.clients.models import Client

Row = TypeVar("Row", bound=models.Model)


class ClientQuerySet(models.QuerySet[Row]):
    """For models with a `client` key. Everything that users see goes through `visible_to`."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Rows of the user's clients; no rows if the user is not signed in or not active."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(client__memberships__user_id=user.pk)

    def of(self, client: Client) -> Self:
        """Rows of one client."""
        return self.filter(client=client)
