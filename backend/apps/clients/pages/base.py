"""The base of the pages of accounts: about the person, with or without a client."""

from typing import Any, cast

from django.contrib.auth.models import User
from django.http import Http404, HttpResponse

from apps.clients.models import Membership
from lib.pages.views import SignedInPage


class PersonPage(SignedInPage):
    """A page about the person. `tab` is the current one of the settings."""

    section = "settings"
    tab = ""

    @property
    def person(self) -> User:
        """Who is signed in."""
        return cast(User, self.request.user)

    @property
    def member(self) -> Membership:
        """The membership, on pages that need one. Raises Http404."""
        if self.membership is None:
            raise Http404
        return cast(Membership, self.membership)

    def show(self, status: int = 200, **context: Any) -> HttpResponse:
        """The template with this context."""
        return super().show(status, **{"tab": self.tab, **context})
