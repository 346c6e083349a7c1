"""Tenants and their members, for staff."""

from django.contrib import admin

from apps.clients.models import Client, Membership


@admin.register(Client)
class ClientAdmin(admin.ModelAdmin):
    list_display = ("name", "id", "created_at")
    search_fields = ("name", "id__exact")
    show_full_result_count = False


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ("id", "client", "user", "role", "created_at")
    list_select_related = ("client", "user")
    list_filter = ("role",)
    search_fields = ("id__exact", "client__id__exact", "user__username")
    raw_id_fields = ("client", "user")
    show_full_result_count = False
