"""The admin's navigation: the lists that the person may see, under the headings that their admin pages name."""

from collections import defaultdict
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

# Headings, in their order. An app may add one.
HEADINGS: dict[str, Any] = {
    "": "",
    "banking": _("Banks"),
    "data": _("Bank data"),
    "events": _("Events"),
    "people": _("People and access"),
    "more": _("System"),
}
# Pages that are no model's: (heading, {title, icon, view, permission}). See add_page.
_PAGES: list[tuple[str, dict[str, Any]]] = []
_ADDRESSES: list[URLPattern] = []


def add_page(
    heading: str, title: Any, icon: str, view: str, permission: str = "", address: URLPattern | None = None
) -> None:
    """Add a page of staff to the navigation. `view` is the name of its URL, such as `admin:banking_webhooks`.

    `address` is its pattern below the admin's path, if it is not among the admin's own. Its view checks `permission`
    itself, and is wrapped in `admin.site.admin_view`. Call this in the `admin` module of the app.
    """
    _PAGES.append((heading, {"title": title, "icon": icon, "view": view, "permission": permission}))
    if address:
        _ADDRESSES.append(address)
    admin.site.extra_urls = lambda: list(_ADDRESSES)  # type: ignore[attr-defined]


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """The navigation for unfold."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for heading, own in _PAGES:
        if not own["permission"] or request.user.has_perm(own["permission"]):
            groups[heading].append({"title": own["title"], "icon": own["icon"], "link": reverse(own["view"])})
    for model, page in admin.site._registry.items():
        if page.has_view_permission(request):
            name = f"{admin.site.name}:{model._meta.app_label}_{model._meta.model_name}_changelist"
            title, icon = capfirst(str(model._meta.verbose_name_plural)), getattr(page, "icon", "table_rows")
            groups[getattr(page, "menu", "more")].append({"title": title, "icon": icon, "link": reverse(name)})
    return [
        {"title": title, "separator": bool(title), "collapsible": heading in ("data", "more"), "items": groups[heading]}
        for heading, title in HEADINGS.items()
        if groups[heading]
    ]
