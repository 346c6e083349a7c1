"""/settings/tokens/: a person makes, sees and revokes their personal access tokens."""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from apps.api.forms import NewTokenForm
from apps.api.models import AccessToken
from apps.api.scopes import Scope
from apps.api.tokens import make_token, revoke_token
from apps.clients.models import Membership
from lib.errors import Permanent
from lib.keyset import BadCursor, Keyset, Page
from lib.row_security import for_system

NEWEST = Keyset(("-id",))
PAGE_SIZE = 50
# What a badge shows of a state: its tone, and its word.
_STATES = {
    "valid": ("good", gettext_lazy("valid")),
    "expired": ("idle", gettext_lazy("expired")),
    "revoked": ("idle", pgettext_lazy("token", "revoked")),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The list and the form. A new token is shown in the answer to the form alone, because it is stored nowhere."""
    member: Membership | None = request.membership  # type: ignore[attr-defined]
    if member is None:
        return redirect("clients:none")
    form = NewTokenForm(request.POST or None, member=member)
    text = _make(form, member) if form.is_valid() else ""
    context = {**_listed(request), "form": NewTokenForm(member=member) if text else form, "text": text}
    answer = render(request, "api/tokens.html", {**context, "section": "tokens", "example": _example(request)})
    add_never_cache_headers(answer)
    return answer


@login_required(redirect_field_name=None)
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End one of the person's tokens. Another person's is 404."""
    with transaction.atomic():
        if not revoke_token(cast(int, request.user.pk), token_id):
            raise Http404
    messages.success(request, _("The token is revoked. Programs that use it are refused from now on."))
    return redirect("tokens:list")


def _make(form: NewTokenForm, member: Membership) -> str:
    """The text of a new token; empty if the form now says why there is none."""
    sent = form.cleaned_data
    try:
        with transaction.atomic():
            return make_token(member, sent["name"], sent["scopes"], days=form.lifetime)[1]
    except Permanent as error:
        form.add_error(None, _REFUSALS.get(error.code, _("The token cannot be made.")))
        return ""


@for_system("tokens of a person")
def _listed(request: HttpRequest) -> dict[str, Any]:
    rows = AccessToken.objects.of_person(cast(int, request.user.pk)).select_related("member__client")
    try:
        page: Page[AccessToken] = NEWEST.page(rows, request.GET.get("after", ""), size=PAGE_SIZE)
    except BadCursor:
        raise Http404 from None
    return {"rows": [_shown(row) for row in page.rows], "next": f"?after={page.next}" if page.next else ""}


def _shown(token: AccessToken) -> dict[str, Any]:
    tone, word = _STATES[token.state]
    labels = [str(scope.label) for scope in Scope if scope.value in token.scopes]
    return {"token": token, "tone": tone, "word": word, "scopes": "; ".join(labels), "is_valid": tone == "good"}


def _example(request: HttpRequest) -> str:
    """The address of an endpoint, as a program must write it."""
    return (settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}") + "/api/transactions/"


_REFUSALS = {
    "TOO_MANY_TOKENS": gettext_lazy("You have very many tokens. Revoke one first."),
    "SCOPE_REFUSED": gettext_lazy("You may not give this token so much. Choose less."),
}
