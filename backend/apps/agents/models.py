"""Applications that people connect, what each was allowed, its tokens, and the log of calls."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.api.scopes import Scope
from apps.clients.models import Client, Membership
from apps.clients.scope import ClientQuerySet


class Application(models.Model):
    """A program that registered itself (RFC 7591). Anybody can register one, so its name proves nothing.

    It has no secret: it runs where its user could read one. PKCE proves that the same program asks for the tokens.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=80)
    redirect_uris = models.JSONField(default=list)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    # When a person last allowed it something; empty if nobody ever did.
    allowed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("connected application")
        verbose_name_plural = _("connected applications")
        constraints = [models.CheckConstraint(condition=~models.Q(name=""), name="application_has_name")]
        indexes = [models.Index(fields=["created_at"], name="application_unused", condition=models.Q(allowed_at=None))]

    def __str__(self) -> str:
        return f"application {self.pk}"


class GrantQuerySet(models.QuerySet["Grant"]):
    """What people allowed."""

    def valid(self) -> "GrantQuerySet":
        """Neither revoked nor expired, of an active person, for a client that stays."""
        of_active = self.filter(member__user__is_active=True, member__in=Membership.objects.live())
        return of_active.filter(revoked_at=None, expires_at__gt=timezone.now())

    def of_person(self, user_id: int) -> "GrantQuerySet":
        """All of one person that were ever used, the newest first."""
        return self.filter(member__user_id=user_id, connected_at__isnull=False).order_by("-id")


class Grant(models.Model):
    """What a person allowed one application in one client, from the consent to its end. It ends with the membership."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="grants")
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="grants")
    scopes = models.JSONField(default=list)
    # The resource that its tokens open (RFC 8707).
    resource = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # When the application fetched its first tokens.
    connected_at = models.DateTimeField(null=True)
    # Moves with each new refresh token.
    expires_at = models.DateTimeField()
    # Written at most once a minute.
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("access of an application")
        verbose_name_plural = _("access of applications")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=[str(scope) for scope in Scope]), name="grant_scopes_known"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="grant_list"),
            models.Index(fields=["expires_at"], name="grant_end"),
        ]

    def __str__(self) -> str:
        return f"grant {self.pk}"

    @property
    def state(self) -> str:
        """`valid`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= timezone.now() else "valid"


class Credential(models.Model):
    """A code, an access token or a refresh token of a grant. Its text is not stored.

    `lookup` finds the row, `digest` proves the text; both are keyed digests. A code and a refresh token work once.
    """

    class Kind(models.TextChoices):
        CODE = "code"
        ACCESS = "access"
        REFRESH = "refresh"

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="credentials")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    lookup = models.BinaryField(max_length=16, unique=True)
    digest = models.BinaryField(max_length=16)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # Of a code
    challenge = models.CharField(max_length=64, blank=True, default="")
    redirect_uri = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("token of an application")
        verbose_name_plural = _("tokens of applications")
        indexes = [models.Index(fields=["expires_at"], name="credential_end")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Call(models.Model):
    """One call of a tool: who, by what, which tool, how it ended. Never what was asked or answered.

    `token` and `grant` are ids without foreign keys, because the log outlives them.
    """

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    at = models.DateTimeField(_("at"), db_default=Now())
    token = models.BigIntegerField(_("token"), null=True)
    grant = models.BigIntegerField(null=True)
    # What the person called the token, or what the application calls itself.
    name = models.CharField(_("name"), max_length=80, blank=True, default="")
    tool = models.CharField(_("tool"), max_length=64)
    # The code of the error; empty if it succeeded.
    outcome = models.CharField(_("outcome"), max_length=40, blank=True, default="")
    rows = models.IntegerField(_("rows"), default=0)
    milliseconds = models.IntegerField(_("milliseconds"), default=0)

    objects = ClientQuerySet.as_manager()

    class Meta:
        verbose_name = _("call of a tool")
        verbose_name_plural = _("calls of tools")
        indexes = [
            models.Index(fields=["client", "-id"], name="call_list"),
            models.Index(fields=["user", "-id"], name="call_of_user", condition=models.Q(user__isnull=False)),
            models.Index(fields=["at"], name="call_age"),
        ]

    def __str__(self) -> str:
        return f"call {self.pk}"
