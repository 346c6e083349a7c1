"""The owners of data: a client is a tenant, and a membership is one user's place in it."""

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lib import crypto
from lib.sealed import SealedJSON


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


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships. Every way in, be it a page, a session of the API or a token, begins at `live`."""

    def live(self) -> Self:
        """Those in clients that are not being erased."""
        return self.filter(client__erasing_at=None)

    def of_person(self, user_id: int) -> Self:
        """The live ones of one person, the oldest first."""
        return self.live().filter(user_id=user_id).order_by("created_at", "pk")


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

    objects: ClassVar = MembershipQuerySet.as_manager()

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


class Invitation(models.Model):
    """An owner's offer to the holder of an e-mail address to become a member. The mail has the token, we its digest."""

    sealed_columns = ("email_sealed",)

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(_("role"), max_length=16, choices=Membership.Role.choices, default=Membership.Role.MEMBER)
    email_sealed = models.BinaryField()
    email_index = models.BinaryField(max_length=16)
    token_digest = models.BinaryField(max_length=16, unique=True)
    # The user who invited; empty if that person is gone.
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("invited by")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    email = SealedJSON("email_sealed", empty="")

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                fields=["client", "email_index"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_per_address",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "member", "viewer"]), name="invitation_role_known"
            ),
        ]
        indexes = [models.Index(fields=["email_index"], name="invitation_of_address")]

    def __str__(self) -> str:
        return f"invitation {self.pk}"

    def seal_context(self, column: str) -> str:
        """The context to which the ciphertext of `column` is bound: this address in this client."""
        return f"clients.Invitation|{self.client_id}|{bytes(self.email_index).hex()}|{column}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be accepted."""
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > timezone.now()

    @staticmethod
    def index_of(email: str) -> bytes:
        """What finds the invitations of an address."""
        return crypto.blind_index(email, "email")

    def is_for(self, email: str) -> bool:
        """Whether this is the invited address. Case does not count."""
        return bytes(self.email_index) == self.index_of(email)


class Erasure(models.Model):
    """An owner's order to erase a client, and how far it is. It outlives the client, and holds no personal data.

    `client` is no foreign key. `mailboxes` names the client's mailboxes until they are erased. `erased` counts rows by
    table. `waits_for` says what has not ended yet elsewhere.
    """

    client = models.UUIDField(unique=True)
    asked_by = models.BigIntegerField()
    asked_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    mailboxes = models.JSONField(default=list)
    erased = models.JSONField(_("erased"), default=dict)
    waits_for = models.JSONField(_("waits for"), default=dict)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        indexes = [
            models.Index(fields=["id"], name="erasure_unfinished", condition=models.Q(finished_at=None)),
            models.Index(fields=["asked_by", "-id"], name="erasure_asked_by"),
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk}"
