"""Clients and their memberships, which staff may change."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.clients.browse import AuditedAdmin, BoundedPaginator, BrowseAdmin, copyable, link_to, moment
from apps.clients.browse.columns import EMPTY, copy_button
from apps.clients.browse.paginator import COUNT_LIMIT
from apps.clients.members import is_last_owner, keep_an_owner
from apps.clients.models import Client, Erasure, Invitation, Membership, Profile


class PeopleAdmin(AuditedAdmin):
    """Rows of people, which staff may change."""

    menu = "people"
    paginator = BoundedPaginator
    count_limit = COUNT_LIMIT
    show_full_result_count = False
    list_per_page = 30
    sortable_by = ()


@admin.register(Client)
class ClientAdmin(PeopleAdmin):
    icon = "domain"
    search_help_text = _("Beginning of the name, or id")
    list_display = ("name", copyable("id", _("id")), moment("created_at", _("created")))
    search_fields = ("name__istartswith", "id__exact")
    readonly_fields = ("created_at", "erasing_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A client ends with the rows of all apps and the items at the aggregator. Its owner asks for that."""
        return False


class MembershipForm(ModelForm):
    """A role, of which a client always keeps one owner."""

    def clean_role(self) -> str:
        role: str = self.cleaned_data["role"]
        if not self.instance._state.adding and role != Membership.Role.OWNER:
            keep_an_owner(Membership.objects.get(pk=self.instance.pk))
        return role


@admin.register(Membership)
class MembershipAdmin(PeopleAdmin):
    form = MembershipForm
    icon = "group"
    search_help_text = _("clientUserId, client's id, or the user's name")
    list_display = ("client_user_id", "client", "user", "role", moment("created_at", _("created")))
    list_select_related = ("client", "user")
    list_filter = ("role",)
    search_fields = ("id__exact", "client__id__exact", "user__username__exact")
    raw_id_fields = ("client", "user")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        """A membership stays one of its person and its client: its connections belong to both."""
        return ("client_user_id", "client", "user") if obj else ("client_user_id",)

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        """Of the memberships of a client, all but the last owner's can be ended."""
        return super().has_delete_permission(request, obj) and not (obj and is_last_owner(obj))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One at a time is deleted, on its page: several at once might be all owners."""
        return {name: rest for name, rest in super().get_actions(request).items() if name != "delete_selected"}

    @admin.display(description="clientUserId")
    def client_user_id(self, row: Membership) -> SafeString | str:
        """The id by which aggregators know the user."""
        return EMPTY if row._state.adding else copy_button(str(row.pk))


@admin.register(Invitation)
class InvitationAdmin(BrowseAdmin):
    menu, icon = "people", "mail"
    finds = _("An invitation's number, or a client's id")
    list_display = (
        "id",
        link_to("client", _("client")),
        "role",
        moment("created_at", _("created")),
        moment("expires_at", _("expires")),
        moment("accepted_at", pgettext_lazy("invitation", "accepted")),
        moment("revoked_at", pgettext_lazy("invitation", "revoked")),
    )
    list_select_related = ("client",)
    search_fields = ("id__exact", "client__id__exact")


@admin.register(Profile)
class ProfileAdmin(BrowseAdmin):
    menu, icon = "people", "tune"
    finds = _("The user's name")
    list_display = ("user", "language", "time_zone", "theme")
    list_select_related = ("user",)
    search_fields = ("user__username__exact",)


@admin.register(Erasure)
class ErasureAdmin(BrowseAdmin):
    menu, icon = "people", "delete_forever"
    finds = _("A client's id")
    list_display = ("id", "client", "asked_by", "asked_at", "finished_at", "waits_for", "erased")
    search_fields = ("client__exact",)
