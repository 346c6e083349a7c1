"""What every template of the shell knows: the menu, the theme, and whose data is shown."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from lib.pages.navigation import Section, entries
from lib.pages.reference import current

THEMES = ("auto", "light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """A context processor. What a page does not show is not computed."""
    # Before the login the browser knows what the person chose.
    profile = getattr(request, "profile", None)
    theme = profile.theme if profile is not None and profile.pk else request.COOKIES.get("theme", "")
    return {
        "menu": SimpleLazyObject(lambda: entries(request, Section.MAIN)),
        "settings_menu": SimpleLazyObject(lambda: entries(request, Section.SETTINGS)),
        "staff_menu": SimpleLazyObject(lambda: entries(request, Section.STAFF)),
        "theme": theme if theme in THEMES else "auto",
        "languages": settings.LANGUAGES,
        "language": get_language(),
        "membership": SimpleLazyObject(lambda: getattr(request, "membership", None)),
        "reference": current(),
    }
