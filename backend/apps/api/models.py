"""Personal access tokens: a program's way to read or change what its person may."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.api.scopes import Scope
from apps.clients.models import Membership


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    """Tokens, of which most questions are about those that still open something."""

    def valid(self) -> "AccessTokenQuerySet":
        """Neither revoked nor expired, of an active person, for a client that stays."""
        now = timezone.now()
        of_active = self.filter(member__user__is_active=True, member__in=Membership.objects.live())
        return of_active.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now), revoked_at=None)

    def of_person(self, user_id: int) -> "AccessTokenQuerySet":
        """All tokens of one person, the newest first."""
        return self.filter(member__user_id=user_id).order_by("-created_at", "-id")


class AccessToken(models.Model):
    """A token of one person for one client: both are its membership, and it ends with the membership.

    The text of the token is not stored. `lookup` finds the row, `digest` proves the text; both are keyed digests.
    """

    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=80)
    scopes = models.JSONField(default=list)
    prefix = models.CharField(max_length=16)
    lookup = models.BinaryField(max_length=16, unique=True)
    digest = models.BinaryField(max_length=16)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True)
    # Written at most once a minute.
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar = AccessTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="access_token_has_name"),
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=[str(scope) for scope in Scope]),
                name="access_token_scopes_known",
            ),
        ]
        indexes = [models.Index(fields=["member", "-created_at"], name="access_token_list")]

    def __str__(self) -> str:
        return f"token {self.prefix}…"

    @property
    def state(self) -> str:
        """`valid`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= timezone.now() else "valid"
