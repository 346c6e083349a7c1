"""The mailbox in the admin: pending and dead events, and the action that replays them."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.clients.browse import BrowseAdmin
from apps.events.models import Event, Mailbox, Replay, Tally
from apps.events.replay import replay


@admin.register(Event)
class EventAdmin(BrowseAdmin):
    list_display = ("id", "kind", "mailbox", "state", "outcome", "attempts", "error_code", "received_at")
    list_filter = ("state",)
    search_fields = ("event_id__exact", "mailbox__exact")
    actions = ["replay_events"]

    @admin.action(description="Replay the selected events", permissions=["replay"])
    def replay_events(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        """Make the selected events pending again, and record who asked for it."""
        replayed = replay(queryset, actor=request.user.get_username(), reason="from the admin")
        self.message_user(request, f"{replayed} events are pending again.", messages.SUCCESS)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Whether the user may change events; permission to view them is not enough."""
        return request.user.has_perm("events.change_event")


@admin.register(Replay)
class ReplayAdmin(BrowseAdmin):
    list_display = ("id", "kind", "actor", "reason", "was_state", "was_error_code", "replayed_at")
    list_select_related = ("event",)
    search_fields = ("actor__exact",)


@admin.register(Mailbox)
class MailboxAdmin(BrowseAdmin):
    list_display = ("key", "token", "lease_until", "rung_at")
    search_fields = ("key__exact",)


@admin.register(Tally)
class TallyAdmin(BrowseAdmin):
    list_display = ("slot", "accepted", "done", "purged")
