"""The client whose data a request shows: the person's choice, or else the client that the person joined first."""

from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import cached_property

from apps.clients.models import Membership
from lib.row_security import for_system

# The key of the session under which the id of the chosen client is stored.
CHOICE = "client"


class CurrentMembership:
    """Middleware: `request.membership` is the person's membership in the current client, or None.

    It is read when somebody first asks for it, with one query, and without one for a stranger.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # A lazy object would not be None where there is no membership.
        request.__class__ = _with_membership(type(request))  # type: ignore[arg-type]
        return self.get_response(request)


class ClientRequest(HttpRequest):
    """A request after the middleware."""

    @cached_property
    def membership(self) -> Membership | None:
        """The person's membership in the current client."""
        return membership_of(self.user, chosen(self))


@cache
def _with_membership(kind: type[HttpRequest]) -> type[Any]:
    return type(kind.__name__, (ClientRequest, kind), {})


@for_system("membership of a person")
def membership_of(user: AbstractBaseUser | AnonymousUser, choice: UUID | None) -> Membership | None:
    """The membership in the chosen client if there is one, or else the oldest. None if there is no client to show."""
    if not user.is_authenticated or not user.is_active:
        return None
    own = Membership.objects.of_person(user.pk).select_related("client")
    first = Case(When(client_id=choice, then=Value(0)), default=Value(1), output_field=IntegerField())
    membership: Membership | None = own.order_by(first, "created_at", "pk").first()
    return membership


def chosen(request: HttpRequest) -> UUID | None:
    """The id of the client that the person chose in this session. The person may have left it since."""
    try:
        return UUID(request.session.get(CHOICE, ""))
    except ValueError:
        return None


def choose(request: HttpRequest, membership: Membership) -> None:
    """Show this client from now on."""
    request.session[CHOICE] = str(membership.client_id)
