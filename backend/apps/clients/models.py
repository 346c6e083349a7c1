"""The owners of data: a client is a tenant, and a membership is one user's place in it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Client(models.Model):
    """A tenant. Every row of banking data belongs to exactly one client."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # Set when an owner asked to erase the client. From then on no page shows it, and nothing new is read for it.
    erasing_at = models.DateTimeField(_("being erased since"), null=True, editable=False)

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user in a client. Aggregators know the user by the id of this row (`clientUserId`)."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MEMBER = "member", _("member")
        # Sees everything of the client, and changes nothing.
        VIEWER = "viewer", _("viewer")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["client", "user"], name="one_membership_per_user_and_client"),
            # Foreign keys over (membership, client) refer to this, so the membership is always one of that client.
            models.UniqueConstraint(fields=["id", "client"], name="membership_of_client"),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "member", "viewer"]), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.id}"

    @property
    def may_write(self) -> bool:
        """Whether the person may change something of the client."""
        return self.role in {self.Role.OWNER, self.Role.MEMBER}

    @property
    def is_owner(self) -> bool:
        """Whether the person decides about the client: its name, its members, its end."""
        return self.role == self.Role.OWNER


class Profile(models.Model):
    """How a person wants to see the pages. A person without a row has the defaults."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("as the device")
        LIGHT = "light", _("light")
        DARK = "dark", _("dark")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="profile"
    )
    # Empty: the language that the browser asks for.
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    time_zone = models.CharField(_("time zone"), max_length=64, default=settings.TIME_ZONE)
    theme = models.CharField(_("appearance"), max_length=8, choices=Theme.choices, default=Theme.AUTO)

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")
        constraints = [
            models.CheckConstraint(condition=models.Q(theme__in=["auto", "light", "dark"]), name="profile_theme_known"),
        ]

    def __str__(self) -> str:
        return f"profile of user {self.user_id}"
