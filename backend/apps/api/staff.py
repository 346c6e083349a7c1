"""Views for those who run this server: they need the scope, a permission and, where it is required, a second factor."""

from contextlib import AbstractContextManager

from django.utils.translation import gettext as _
from rest_framework.request import Request

from apps.api.errors import Refused
from apps.api.scopes import Scope
from apps.api.views import ApiView
from apps.clients.second_factor import lacks_second_factor
from lib.row_security import for_staff


class StaffView(ApiView):
    """A view for staff with the permission `permission`; it is about no client."""

    reads = writes = Scope.STAFF
    needs_client = False
    permission: str

    def for_whom(self) -> AbstractContextManager[None]:
        """The rows of all clients."""
        return for_staff()

    def check_permissions(self, request: Request) -> None:
        """Raises Refused for staff without the permission."""
        super().check_permissions(request)
        if lacks_second_factor(request):
            raise Refused(403, "SECOND_FACTOR_NEEDED", _("Staff need a second factor. Set one up on the pages."))
        if not request.user.has_perm(self.permission):
            raise Refused(403, "FORBIDDEN", _("You may not do this."), permission=self.permission)
