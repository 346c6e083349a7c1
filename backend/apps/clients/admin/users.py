"""Users and groups, as Django has them, in unfold's style, with the audit."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.clients.admin.people import PeopleAdmin
from apps.clients.browse import moment

User = get_user_model()
admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, PeopleAdmin):  # type: ignore[misc]
    icon = "person"
    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    search_help_text = _("Beginning of the user's name, or whole e-mail address")
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", moment("last_login", _("last login")))
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    search_fields = ("username__startswith", "email__exact")
    ordering = ("-pk",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a superuser changes people who have more than he: staff and superusers."""
        allowed: bool = super().has_change_permission(request, obj)
        powerful = obj is not None and (obj.is_staff or obj.is_superuser)
        return allowed and (request.user.is_superuser or not powerful)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser gives rights."""
        fields = tuple(super().get_readonly_fields(request, obj))
        rights = ("is_staff", "is_superuser", "groups", "user_permissions")
        return fields if request.user.is_superuser else (*fields, *rights)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, PeopleAdmin):  # type: ignore[misc]
    icon = "groups"
