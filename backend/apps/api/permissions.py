"""Whether a call may do what it asks: its scope, its client, and the role of its person there."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.api.errors import Refused
from apps.api.scopes import Access, Scope


class MayCall(BasePermission):
    """Checks `reads`, `writes` and `needs_client` of the view. A view without them asks for the usual scopes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """True, or raises NotAuthenticated or Refused with the reason."""
        access = request.auth
        if not isinstance(access, Access):
            raise NotAuthenticated
        writing = request.method not in SAFE_METHODS
        wanted = getattr(view, "writes", Scope.WRITE) if writing else getattr(view, "reads", Scope.READ)
        if wanted not in access.scopes:
            raise Refused(403, "SCOPE_MISSING", _("This access lacks the scope that the call needs."), scope=wanted)
        if not getattr(view, "needs_client", True):
            return True
        if access.membership is None:
            raise Refused(403, "NO_CLIENT", _("You are a member of no client."))
        if writing and not access.membership.may_write:
            raise Refused(403, "READ_ONLY_ROLE", _("Your role in this client may only read."))
        return True
