"""The page of staff about our subscriptions to webhooks: what should be, what is, and the steps between the two."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.audit.record import Via, record
from apps.banking.admin.step_words import in_words
from apps.banking.aggregators.contract import Application, Step
from apps.banking.aggregators.mailboxes import vendor_of
from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from apps.clients.browse.audited import actor
from lib.errors import PonteError

PERMISSION = "banking.manage_webhooks"


@dataclass
class Compared:
    """One application: where its webhooks should go, and what must be done; `fault` says why that is not known."""

    name: str
    label: str
    url: str
    steps: Sequence[Step] = field(default_factory=list)
    fault: str = ""
    compared: bool = False

    @property
    def words(self) -> list[str]:
        """The steps for people."""
        return [in_words(step.does) for step in self.steps]


def page(request: HttpRequest) -> HttpResponse:
    """Show what should be. Compare with the aggregator, or do what is missing, when a person asks for it."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    wanted = request.POST.get("application")
    found = [_compare(one, ask=one.name == wanted) for one in _all()]
    chosen = next((one for one in found if one.name == wanted), None)
    if chosen and request.POST.get("do") == "steps":
        _do(request, chosen)
        return HttpResponseRedirect(reverse("admin:banking_webhooks"))
    context = {
        **admin.site.each_context(request),
        "title": gettext_lazy("Webhooks"),
        "applications": found,
        "secrets": len(settings.PLUGGY_WEBHOOK_SECRETS),
        "header": settings.PLUGGY_WEBHOOK_HEADER,
        "public_url": settings.PUBLIC_URL,
        "polls": max(1, settings.POLL_MINUTES),
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "banking/admin/webhooks.html", context)


def _all() -> list[Compared]:
    return [
        Compared(vendor_of(name, application.name), aggregator(name).label, _address(name))
        for name in AGGREGATORS
        for application in aggregator(name).applications()
    ]


def _address(name: str) -> str:
    return settings.PUBLIC_URL + reverse("webhook", args=[name]) if settings.PUBLIC_URL else ""


def _application(name: str) -> Application:
    vendor, _at, application = name.partition("@")
    return aggregator(vendor).application(application)


def _compare(one: Compared, *, ask: bool) -> Compared:
    if not ask:
        return one
    try:
        if not one.url:
            raise ImproperlyConfigured(_("PUBLIC_URL is empty, so no webhook can arrive."))
        subscription = _application(one.name).subscription()
        subscription.check(one.url, allow_http=settings.DEBUG)
        one.steps, one.compared = subscription.steps_to_register(one.url), True
    except ImproperlyConfigured as error:
        one.fault = str(error)
    except PonteError as error:
        one.fault = _("%(name)s did not answer as expected: %(code)s") % {
            "name": one.label,
            "code": error.code or error.error_type,
        }
    return one


def _do(request: HttpRequest, one: Compared) -> None:
    """Do the steps, and write down each one. An error ends them: comparing again shows what is left."""
    done = 0
    for step in one.steps:
        try:
            step.act()
        except PonteError as error:
            messages.error(request, _("A step failed: %(code)s") % {"code": error.code or error.error_type})
            break
        done += 1
        record("webhooks.step", actor=actor(request), via=Via.ADMIN, subject=one.name, step=_verb(step))
    if one.fault:
        messages.error(request, one.fault)
    elif done == len(one.steps):
        text = ngettext("%(n)s step was done.", "%(n)s steps were done.", done) % {"n": done}
        messages.success(request, text if done else _("There was nothing to do."))


def _verb(step: Step) -> Any:
    """The first word: create, repair or delete."""
    return step.does.split(" ", 1)[0]
