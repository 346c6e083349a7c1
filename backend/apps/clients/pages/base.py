"""The base of the pages of accounts: signed in, with or without a client."""

from typing import Any, cast

from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.cache import patch_cache_control
from django.views import View

from apps.clients.models import Membership


class PersonPage(LoginRequiredMixin, View):
    """A page about the person, who may be in no client. No browser and no proxy keeps what it shows."""

    template_name: str
    section = "settings"
    tab = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, if the person is signed in."""
        response = super().dispatch(request, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        return response

    @property
    def person(self) -> User:
        """Who is signed in."""
        return cast(User, self.request.user)

    @property
    def membership(self) -> Membership | None:
        """The person's membership in the client that is shown."""
        return cast(Membership | None, self.request.membership)  # type: ignore[attr-defined]

    @property
    def member(self) -> Membership:
        """The same, on pages that need one. Raises Http404."""
        if self.membership is None:
            raise Http404
        return self.membership

    def show(self, status: int = 200, **context: Any) -> HttpResponse:
        """The template with this context."""
        shell = {"section": self.section, "tab": self.tab}
        return TemplateResponse(self.request, self.template_name, {**shell, **context}, status=status)
