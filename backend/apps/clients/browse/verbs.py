"""Actions of staff: rows, a verb, a reason where one is needed; one transaction with an entry in the audit for each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models, transaction
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

Act = Callable[[Any, Any, Sequence[Any], str], str]

# More rows than a page shows are never chosen at once.
MOST = 200


class Refused(Exception):
    """A verb does not do this. The message says why, in words for staff. Nothing changes."""


@dataclass(frozen=True)
class Verb:
    """What a button says, who may press it, and what it asks first.

    `asks_reason`: the person types why. `explain` is what the question says. `calls_out`: it calls somebody else's
    server, so no transaction is open meanwhile, and its entries in the audit are written after it.
    """

    label: Any
    permission: str
    icon: str = ""
    asks_reason: bool = False
    explain: Any = ""
    calls_out: bool = False


def verb(about: Verb) -> Callable[[Act], Callable[..., Any]]:
    """Make an action of a function that gets (admin, request, rows, reason) and returns what to tell the person.

    The function runs in a transaction, unless it calls out. Its name, without the model's, is the verb in the audit.
    """

    def decorate(act: Act) -> Callable[..., Any]:
        def action(page: Any, request: HttpRequest, queryset: models.QuerySet[Any]) -> TemplateResponse | None:
            rows = list(queryset.order_by("pk")[:MOST])
            reason = request.POST.get("reason", "").strip()
            if about.asks_reason and not reason:
                return _question(page, request, act.__name__, about, rows)
            _run(page, request, act, about, rows, reason)
            return None

        action.__name__ = act.__name__
        action.short_description = about.label  # type: ignore[attr-defined]
        action.allowed_permissions = (about.permission,)  # type: ignore[attr-defined]
        action.verb = about  # type: ignore[attr-defined]
        return action

    return decorate


def _run(page: Any, request: HttpRequest, act: Act, about: Verb, rows: Sequence[Any], reason: str) -> None:
    try:
        told = act(page, request, rows, reason) if about.calls_out else None
        with transaction.atomic():
            told = act(page, request, rows, reason) if told is None else told
            for row in rows:
                page.audit(request, act.__name__, row, reason)
    except Refused as error:
        page.message_user(request, str(error), messages.ERROR)
    else:
        page.message_user(request, told, messages.SUCCESS)


def _question(page: Any, request: HttpRequest, name: str, about: Verb, rows: Sequence[Any]) -> TemplateResponse:
    asked_before = "reason" in request.POST
    context = {
        **page.admin_site.each_context(request),
        "title": about.label,
        "opts": page.opts,
        "verb": about,
        "action": name,
        "rows": rows,
        "selected": ACTION_CHECKBOX_NAME,
        "back": request.POST.get("_back", ""),
        "error": _("Say why. The reason is kept in the audit.") if asked_before else "",
    }
    request.current_app = page.admin_site.name
    return TemplateResponse(request, "clients/admin/question.html", context)
