"""The first page of the admin, and the schedule of beat in unfold's style, with the audit."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_celery_beat import admin as beat
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.clients.browse import AuditedAdmin, moment
from apps.clients.browse.cards import add_card
from apps.clients.browse.menu import add_page
from apps.reliability.dashboard import cards, page

admin.site.index_template = page.TEMPLATE
add_page("", _("Overview"), "monitoring", "admin:index")
add_card("events", 10, cards.states, "events.view_event")
add_card("latency", 15, cards.latency)

for model in (PeriodicTask, ClockedSchedule, CrontabSchedule, IntervalSchedule, SolarSchedule):
    admin.site.unregister(model)


class TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):
    """The tasks that this release knows."""


class TaskForm(beat.PeriodicTaskForm):
    """Beat's own form with our widgets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(beat.PeriodicTaskAdmin, AuditedAdmin):
    menu, icon, form = "more", "schedule", TaskForm
    change_form_template = None
    list_display = ("name", "enabled", "scheduler", moment("last_run_at", _("last sent")), "one_off")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Beat's own actions ask for no permission: who may only look could switch a task off."""
        actions: dict[str, Any] = super().get_actions(request)
        return actions if self.has_change_permission(request) else {}


class TaskInline(beat.PeriodicTaskInline, TabularInline):
    """The tasks that run on a schedule, on its page."""


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(beat.IntervalScheduleAdmin, AuditedAdmin):
    icon = "timer"
    inlines = (TaskInline,)


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(beat.CrontabScheduleAdmin, AuditedAdmin):
    icon = "calendar_month"
    inlines = (TaskInline,)


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(beat.ClockedScheduleAdmin, AuditedAdmin):
    icon = "alarm"
    inlines = (TaskInline,)


@admin.register(SolarSchedule)
class SolarScheduleAdmin(beat.SolarScheduleAdmin, AuditedAdmin):
    icon = "wb_sunny"
    inlines = (TaskInline,)
