"""Every change that staff make in the admin goes into the audit, whatever model it concerns."""

import json
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from apps.audit.record import Via, record


def actor(request: HttpRequest) -> int | None:
    """The id of the person who asks."""
    user = request.user
    return None if isinstance(user, AnonymousUser) else int(user.pk)


class Counted(ChangeList):
    """A list that does not offer "all results" of millions."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page. unfold compares the two counts, and offers to show all if they differ."""
        super().get_results(request)
        self.full_result_count = self.result_count


class AuditedAdmin(ModelAdmin):
    """An admin page whose additions, changes and deletions are audited."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Counted

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        """Called by Django after it added a row."""
        self.audit(request, "add", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        """Called by Django after it changed a row."""
        self.audit(request, "change", obj, fields=_fields(message))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        """Called by Django before it deletes rows."""
        for row in queryset:
            self.audit(request, "delete", row)
        return super().log_deletions(request, queryset)

    def response_action(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        """Also the actions that other packages bring are audited. Our own verbs, and deletions, do it themselves."""
        answer = super().response_action(request, queryset)
        name = next((word for word in request.POST.getlist("action") if word), "")
        function, *_rest = self.get_actions(request).get(name, (None,))
        if function and not hasattr(function, "verb") and name != "delete_selected":
            for pk in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.audit(request, name, f"{self.opts.label_lower}:{pk}"[:120])
        return answer

    def audit(self, request: HttpRequest, verb: str, row: models.Model | str, reason: str = "", **details: Any) -> None:
        """Record that this person did `verb` to `row`. Call it in the transaction of the change."""
        client = row.pk if self.opts.label == "clients.Client" and isinstance(row, models.Model) else None
        record(
            f"{self.opts.model_name}.{verb}"[:60],
            actor=actor(request),
            via=Via.ADMIN,
            subject=row,
            client=client or getattr(row, "client_id", None),
            reason=reason,
            **details,
        )


def _fields(message: Any) -> list[str]:
    """The names of the fields that Django says were changed, never their values."""
    parts = json.loads(message) if isinstance(message, str) and message.startswith("[") else message
    if not isinstance(parts, list):
        return []
    changes = [part["changed"] for part in parts if isinstance(part, dict) and "changed" in part]
    return sorted({str(name) for change in changes for name in change.get("fields", [])})
