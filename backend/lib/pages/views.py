"""The bases of pages: signed in, in a client, and reading or writing as the person's role allows."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views import View
from django_htmx.http import HttpResponseClientRefresh

from lib.keyset import BadCursor, Keyset
from lib.row_security import for_client, for_nobody

Row = TypeVar("Row", bound=models.Model)
SAFE = ("GET", "HEAD", "OPTIONS")


class SignedInPage(LoginRequiredMixin, View):
    """A page for people who are signed in, also without a client. No browser and no proxy keeps what it shows.

    `section` is the name of the entry in the menu that is marked as the current one.
    """

    template_name: str
    section: str = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, or send strangers to sign in. The page sees the rows of the chosen client alone."""
        membership = self.membership if request.user.is_authenticated else None
        with for_client(membership.client_id) if membership else for_nobody():
            response = super().dispatch(request, *args, **kwargs)
            # Django would render it after this block.
            if isinstance(response, SimpleTemplateResponse):
                response = response.render()
        patch_cache_control(response, private=True, no_store=True)
        patch_vary_headers(response, ["HX-Request"])
        return response

    def handle_no_permission(self) -> HttpResponseBase:  # type: ignore[override]
        """The login. HTMX would look for its part of the page in it, so it loads the whole page again instead."""
        login = super().handle_no_permission()
        return HttpResponseClientRefresh() if self.request.headers.get("HX-Request") else login

    def get_redirect_field_name(self) -> str:
        """People come back here after the login, but not to an address that may only take forms."""
        return super().get_redirect_field_name() if self.request.method in SAFE else ""

    @property
    def membership(self) -> Any:
        """The person's membership in the client whose data is shown; None without one."""
        return getattr(self.request, "membership", None)

    def get_or_404(self, rows: Any, **key: Any) -> Any:
        """The row with that key among `rows`; 404 also for a row of another client, which `rows` does not have."""
        row = rows.filter(**key).first()
        if row is None:
            raise Http404
        return row

    def show(self, status: int = 200, **context: Any) -> HttpResponse:
        """The template with this context."""
        return TemplateResponse(self.request, self.template_name, {"section": self.section, **context}, status=status)


class ClientPage(SignedInPage):
    """A page about the data of `request.membership.client`, the client that the person has chosen.

    People without a client are sent to make one. A viewer may not POST.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, or say what is missing."""
        if request.user.is_authenticated:
            membership = getattr(request, "membership", None)
            if membership is None:
                return redirect("clients:none")
            if request.method not in SAFE and not membership.may_write:
                raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def visible(self, model: type[Row]) -> Any:
        """The rows of `model` that belong to the chosen client. Every page begins here."""
        rows = model._default_manager.all()
        return rows.visible_to(self.request.user).of(self.membership.client)  # type: ignore[attr-defined]


class ListPage(ClientPage, Generic[Row], ABC):
    """A list of rows by keyset, with a form that filters it.

    The template shows `rows`, with `components/filter.html` above and `components/more.html` after them. A subclass
    says which `rows()`, in which `order`, and what its `filter_form` does to them.
    """

    order: tuple[str, ...] = ("-pk",)
    page_size = 50
    filter_form: type[Form] | None = None

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        form = self.form()
        chosen = form.cleaned_data if form is not None and form.is_valid() else {}
        rows = self.filtered(self.rows(), chosen) if chosen else self.rows()
        try:
            page = Keyset(self.order).page(rows, request.GET.get("after", ""), size=self.page_size)
        except BadCursor:
            raise Http404 from None
        return self.show(
            form=form,
            rows=self.present(page.rows),
            next=self.address_of(page.next),
            is_first="after" not in request.GET,
            is_filtered=any(chosen.values()),
            **self.more(page.rows),
        )

    def form(self) -> Form | None:
        """The bound filter form; an empty address filters nothing."""
        return None if self.filter_form is None else self.filter_form(self.request.GET)

    @abstractmethod
    def rows(self) -> Any:
        """All rows of the list, before the filter."""

    def filtered(self, rows: Any, chosen: dict[str, Any]) -> Any:
        """The rows that the form's values choose."""
        return rows

    def present(self, rows: list[Row]) -> Any:
        """What the template shows of a page of rows."""
        return rows

    def more(self, rows: list[Row]) -> dict[str, Any]:
        """What else the template needs."""
        return {}

    def address_of(self, cursor: str) -> str:
        """The query string of the next page, with the same filter; empty after the last page."""
        if not cursor:
            return ""
        query = self.request.GET.copy()
        query["after"] = cursor
        return "?" + query.urlencode()
