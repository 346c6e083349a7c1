"""The owners of data: a client is a tenant, and a membership is one user's place in it."""

import uuid

from django.conf import settings
from django.db import models


class Client(models.Model):
    """A tenant. Every row of banking data belongs to exactly one client."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user in a client. Aggregators know the user by the id of this row (`clientUserId`)."""

    class Role(models.TextChoices):
        OWNER = "owner"
        MEMBER = "member"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["client", "user"], name="one_membership_per_user_and_client"),
            # Foreign keys over (membership, client) refer to this, so the membership is always one of that client.
            models.UniqueConstraint(fields=["id", "client"], name="membership_of_client"),
            models.CheckConstraint(condition=models.Q(role__in=["owner", "member"]), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.id}"
