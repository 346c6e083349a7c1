"""How the admin looks and what it is called: the settings of django-unfold."""

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _


def _static(path: str) -> Any:
    return lambda request: static(path)


# One accent, a deep green, from light to dark.
_PRIMARY = {
    "50": "oklch(97% .02 165)",
    "100": "oklch(94% .045 165)",
    "200": "oklch(88% .08 165)",
    "300": "oklch(80% .11 165)",
    "400": "oklch(70% .12 165)",
    "500": "oklch(60% .11 165)",
    "600": "oklch(49% .095 165)",
    "700": "oklch(43% .08 165)",
    "800": "oklch(37% .065 165)",
    "900": "oklch(32% .055 165)",
    "950": "oklch(22% .04 165)",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Ponte",
    "SITE_HEADER": "Ponte",
    "SITE_SUBHEADER": _("Administration"),
    "SITE_SYMBOL": "conversion_path",
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {"primary": _PRIMARY},
    "STYLES": [_static("clients/admin.css")],
    "SCRIPTS": [_static("clients/admin.js")],
    "DASHBOARD_CALLBACK": "apps.reliability.dashboard.page.context",
    "SIDEBAR": {
        "show_search": False,
        "command_search": False,
        "show_all_applications": False,
        "navigation": "apps.clients.browse.menu.menu",
    },
}
