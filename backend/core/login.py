"""The admin's place, and its login form, which limits guesses."""

import re
from typing import Any

from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.urls import URLPattern, URLResolver, path
from unfold.forms import AuthenticationForm

from lib.errors import Throttled
from lib.login_limit import count_guess

# The middleware never sees what begins with one of these, or they are pages already.
_TAKEN = ("api/", "health", "metrics", "static/")
_PATH = re.compile(r"[\w.~-]+(/[\w.~-]+)*", re.ASCII)


class LimitedLogin(AuthenticationForm):
    """The admin's login form."""

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError for a wrong login, and for any login over a limit."""
        if self.cleaned_data.get("username") and self.cleaned_data.get("password"):
            self._count(self.cleaned_data["username"])
        return super().clean()

    def _count(self, account: str) -> None:
        try:
            count_guess(account, self.request.META if self.request else {})
        except Throttled:
            raise ValidationError("Too many attempts. Try again in ten minutes.", code="throttled") from None


def admin_at(place: str) -> list[URLPattern | URLResolver]:
    """The admin's URLs under the path `place`; none if it is empty. Raises ImproperlyConfigured."""
    admin.site.login_form = LimitedLogin
    if not place:
        return []
    if not _PATH.fullmatch(place) or f"{place}/".startswith(_TAKEN):
        raise ImproperlyConfigured("ADMIN_PATH must be a path such as desk/7f3a, and not that of another page.")
    return [path(f"{place}/", admin.site.urls)]
