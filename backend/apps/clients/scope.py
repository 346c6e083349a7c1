"""What a person may see: querysets cut down to the clients they are a member of."""

from typing import Self, TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models

from apps.clients.models import Client

Row = TypeVar("Row", bound=models.Model)


class ClientQuerySet(models.QuerySet[Row]):
    """For models with a `client` key: everything shown to people goes through `visible_to`."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Rows of the clients the user is a member of; none for someone who is not signed in."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(client__memberships__user_id=user.pk)

    def of(self, client: Client) -> Self:
        """Rows of one client."""
        return self.filter(client=client)
