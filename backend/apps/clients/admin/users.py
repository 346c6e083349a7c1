"""Users and groups, as Django has them, in unfold's style, with the audit. What opens an account has no page here."""

from collections.abc import Sequence
from typing import Any

from allauth.account import admin as _addresses  # noqa: F401 - registers what is unregistered below
from allauth.account.models import EmailAddress
from allauth.mfa import admin as _factors  # noqa: F401
from allauth.mfa.models import Authenticator
from allauth.usersessions import admin as _sessions  # noqa: F401
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist import admin as _tokens  # noqa: F401
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.clients.admin.people import PeopleAdmin
from apps.clients.browse import Refused, Verb, moment, verb
from apps.clients.browse.columns import EMPTY, badge_of, with_seconds

# Secrets of factors, keys of sessions and ids of tokens. An address that staff change would not be proved.
for model in (User, Group, EmailAddress, Authenticator, UserSession, OutstandingToken, BlacklistedToken):
    admin.site.unregister(model)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, PeopleAdmin):  # type: ignore[misc]
    icon = "person"
    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    search_help_text = _("Beginning of the user's name, or whole e-mail address")
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", moment("last_login", _("last login")))
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    search_fields = ("username__startswith", "email__exact")
    ordering = ("-pk",)
    actions = ("sign_out", "remove_second_factor")
    fieldsets = (
        *(DjangoUserAdmin.fieldsets or ()),
        (_("How the person signs in"), {"fields": ("addresses", "second_factor", "sessions")}),
    )
    readonly_fields = ("last_login", "date_joined", "addresses", "second_factor", "sessions")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a superuser changes people who have more than he: staff and superusers."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (request.user.is_superuser or not _is_powerful(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People erase their accounts themselves: a client must not lose its last owner. Staff make them inactive."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of the password's digest, whose beginning Django shows, people who cannot change it see nothing."""
        sections = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return sections
        shown = [(heading, [name for name in options["fields"] if name != "password"]) for heading, options in sections]
        return [(heading, {"fields": fields}) for heading, fields in shown]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser gives rights. An address that was proved is the person's to change."""
        fields = list(super().get_readonly_fields(request, obj))
        if obj is not None and EmailAddress.objects.filter(user=obj).exists():
            fields.append("email")
        if not request.user.is_superuser:
            fields += ["is_staff", "is_superuser", "groups", "user_permissions"]
        return fields

    @admin.display(description=_("e-mail addresses"))
    def addresses(self, person: User) -> SafeString | str:
        found = EmailAddress.objects.filter(user=person).order_by("-primary", "pk")
        states = {True: (gettext("confirmed"), "success"), False: (gettext("not confirmed"), "warning")}
        return format_html_join(" ", "{} {}", ((one.email, badge_of(*states[one.verified])) for one in found)) or EMPTY

    @admin.display(description=_("second factor"))
    def second_factor(self, person: User) -> SafeString | str:
        factor = Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).defer("data").first()
        return with_seconds(factor.created_at) if factor else EMPTY

    @admin.display(description=_("sessions"))
    def sessions(self, person: User) -> int:
        return int(UserSession.objects.filter(user=person).count())

    @verb(Verb(_("End all sessions"), "secure", "logout"))
    def sign_out(self, request: HttpRequest, rows: Sequence[User], reason: str) -> str:
        """End every session of the chosen people."""
        _refuse_powerful(request, rows)
        sessions = list(UserSession.objects.filter(user__in=rows))
        for session in sessions:
            session.end()
        return ngettext("%(n)s session was ended.", "%(n)s sessions were ended.", len(sessions)) % {"n": len(sessions)}

    @verb(
        Verb(
            _("Remove the second factor"),
            "secure",
            "phonelink_erase",
            asks_reason=True,
            explain=_("The password alone opens the account then. Make sure that it is really the person who asks."),
        )
    )
    def remove_second_factor(self, request: HttpRequest, rows: Sequence[User], reason: str) -> str:
        """For people who lost their phone and their recovery codes."""
        _refuse_powerful(request, rows)
        factors = Authenticator.objects.filter(user__in=rows)
        number = factors.values("user").distinct().count()
        factors.delete()
        text = ngettext("%(n)s person has no second factor now.", "%(n)s people have no second factor now.", number)
        return text % {"n": number}

    def has_secure_permission(self, request: HttpRequest) -> bool:
        """Whether the person may change users."""
        return request.user.has_perm("auth.change_user")


def _is_powerful(person: Any) -> bool:
    return person is not None and (person.is_staff or person.is_superuser)


def _refuse_powerful(request: HttpRequest, people: Sequence[User]) -> None:
    if not request.user.is_superuser and any(map(_is_powerful, people)):
        raise Refused(gettext("Only a superuser changes staff."))


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, PeopleAdmin):  # type: ignore[misc]
    icon = "groups"
