"""Every change that staff make in the admin goes into the audit, whatever model it concerns."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any

from django.contrib.admin.utils import unquote
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
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
    """An admin page whose additions, changes, deletions and actions are audited. Its verbs are buttons of a row."""

    change_form_outer_before_template = "clients/admin/verbs.html"
    list_disable_select_all = True

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

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Also the actions that other packages bring are audited. Our own verbs, and deletions, do it themselves."""
        return {
            name: (function if hasattr(function, "verb") or name == "delete_selected" else _audited(function), *rest)
            for name, (function, *rest) in super().get_actions(request).items()
        }

    def response_action(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse | None:
        """Act on the chosen rows, whatever the list's filters hide; never on "all rows" of a list of millions.

        The action and its entries in the audit are one transaction, unless it is a verb that calls out.
        """
        post = request.POST.copy()
        post.pop("select_across", None)
        request.POST = post  # type: ignore[assignment]
        with nullcontext() if self._calls_out(post.get("action", "")) else transaction.atomic():
            answer: HttpResponse | None = super().response_action(request, self.get_queryset(request))
        back = post.get("_back", "")
        if isinstance(answer, HttpResponseRedirect) and back and url_has_allowed_host_and_scheme(back, None):
            return HttpResponseRedirect(back)
        return answer

    def _calls_out(self, name: str) -> bool:
        """Whether this is one of the page's verbs, and calls somebody else's server."""
        about = getattr(getattr(self, name), "verb", None) if name in (self.actions or ()) else None
        return about is not None and bool(about.calls_out)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """The detail page, with a button for each verb that the person may use."""
        verbs = [
            {"name": name, "label": label, "verb": function.verb}
            for name, (function, _name, label) in self.get_actions(request).items()
            if hasattr(function, "verb")
        ]
        extra = {"verbs": verbs, "row_pk": unquote(object_id), **(extra_context or {})}
        answer: HttpResponseBase = super().change_view(request, object_id, form_url, extra)
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


def _audited(act: Callable[..., Any]) -> Callable[..., Any]:
    """An action of another package, with its entries in the audit."""

    @wraps(act)
    def action(page: AuditedAdmin, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        keys = list(queryset.values_list("pk", flat=True))
        answer = act(page, request, queryset)
        for pk in keys:
            page.audit(request, act.__name__, f"{page.opts.label_lower}:{pk}"[:120])
        return answer

    return action


def _fields(message: Any) -> list[str]:
    """The names of the fields that Django says were changed, never their values."""
    parts = json.loads(message) if isinstance(message, str) and message.startswith("[") else message
    if not isinstance(parts, list):
        return []
    changes = [part["changed"] for part in parts if isinstance(part, dict) and "changed" in part]
    return sorted({str(name) for change in changes for name in change.get("fields", [])})
