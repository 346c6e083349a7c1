"""The first page of the admin for unfold: the cards that the apps put on it."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.clients.browse.cards import cards

TEMPLATE = "reliability/dashboard.html"


def context(request: HttpRequest, values: dict[str, Any]) -> dict[str, Any]:
    """Called by unfold for the first page."""
    return {**values, "title": _("Overview"), "cards": cards(request)}
