"""What every view of the API has in common: who may call it, the form of its answers, and its pages."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, ExitStack
from typing import Any, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from rest_framework.exceptions import APIException, MethodNotAllowed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, ValidationError
from rest_framework.views import APIView

from apps.api.inputs import Input, PageQuery, read_query
from apps.api.scopes import Access, Scope
from apps.clients.models import Membership
from lib.keyset import BadCursor, Keyset, Page
from lib.row_security import for_client, for_nobody

Row = TypeVar("Row", bound=Model)


@method_decorator(never_cache, name="dispatch")
class ApiView(APIView):
    """A view of the API. `reads` and `writes` are the scopes that its methods need. No cache stores its answers."""

    reads: Scope = Scope.READ
    writes: Scope = Scope.WRITE
    needs_client: bool = True
    # Without OPTIONS: the schema says what a view takes.
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer. From the moment that the caller is known, the database shows the rows of their client alone."""
        with ExitStack() as self._for_whom:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a method that the view lacks, then ask who calls, how often, and whether they may."""
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        try:
            self.perform_authentication(request)
        except APIException:
            # A call with a wrong token counts for its address. It raises 429 once there were too many.
            self.check_throttles(request)
            raise
        self.check_throttles(request)
        self.check_permissions(request)
        self._for_whom.enter_context(self.for_whom())

    def for_whom(self) -> AbstractContextManager[None]:
        """Whose rows the view sees."""
        access = self.request.auth
        client = access.client if isinstance(access, Access) else None
        return for_client(client.pk) if client else for_nobody()

    @property
    def access(self) -> Access:
        """Who calls. MayCall has checked that somebody does."""
        return cast(Access, self.request.auth)

    @property
    def membership(self) -> Membership:
        """The caller's membership. MayCall has checked that there is one."""
        return cast(Membership, self.access.membership)

    def rows(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Those of a model's rows that this call may see."""
        # Every model with a client has such a queryset; its row's type is lost on the way.
        mine: Any = rows
        visible: QuerySet[Row] = mine.visible_to(self.access.user).of(self.access.client)
        return visible


class OpenView(ApiView):
    """A view for callers that have no token yet."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class ListView(ApiView, ABC):
    """A list by pages. A subclass has the row's serializer, its order, its name in the answer, and `find`."""

    name: str
    shape: type[BaseSerializer[Any]]
    order: Keyset
    query: type[Input] = PageQuery

    @abstractmethod
    def find(self, query: dict[str, Any]) -> QuerySet[Any]:
        """The rows that `query` asks for."""

    def get(self, request: Request, **path: Any) -> Response:
        """One page."""
        query = read_query(request, self.query)
        page = self._page(self.find(query), query)
        return answer(**{self.name: self.shape(page.rows, many=True).data}, next_cursor=page.next or None)

    def _page(self, rows: QuerySet[Any], query: dict[str, Any]) -> Page[Any]:
        try:
            return self.order.page(rows, query.get("cursor", ""), size=query["limit"])
        except BadCursor:
            raise ValidationError({"cursor": [_("This cursor does not belong to this list.")]}) from None


def answer(status: int = 200, **content: Any) -> Response:
    """A successful answer."""
    return Response({"success": True, **content}, status=status)


def one(rows: QuerySet[Row], number: int) -> Row:
    """The row with this id. Raises Http404 if there is none among `rows`."""
    row = rows.filter(pk=number).first()
    if row is None:
        raise Http404
    return row
