"""What an access may do: its scopes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from apps.clients.models import Client, Membership

if TYPE_CHECKING:
    from apps.api.models import AccessToken


class Scope(TextChoices):
    """One thing that an access may do."""

    READ = "read", _("read data")
    WRITE = "write", _("change data; includes reading and asking banks")
    SYNC = "sync", _("ask banks for new data")
    IDENTITY = "identity", _("read names, documents and addresses")
    STAFF = "staff", _("what staff may do; for staff only")


@dataclass(frozen=True)
class Access:
    """Who calls, for which client, and what the call may do. DRF has it as `request.auth`.

    `via` is session, jwt, token or agent. A person without a client has no membership.
    """

    via: str
    user: User
    membership: Membership | None
    scopes: frozenset[str]
    token: "AccessToken | None" = None

    @property
    def client(self) -> Client | None:
        """The client whose rows the call is about."""
        return self.membership.client if self.membership else None


def scopes_of_person(user: User) -> frozenset[str]:
    """What a person who has signed in may do. Only staff have the scope `staff`."""
    usual = {Scope.READ, Scope.WRITE, Scope.SYNC, Scope.IDENTITY}
    return frozenset(map(str, usual | {Scope.STAFF} if user.is_staff else usual))


def scopes_of_member(member: Membership) -> frozenset[str]:
    """What a person may let a program do in this client. A viewer's program writes nothing either."""
    mine = scopes_of_person(member.user)
    return mine if member.may_write else mine - {str(Scope.WRITE), str(Scope.SYNC)}


def granted(scopes: Iterable[str], user: User) -> frozenset[str]:
    """What a token with `scopes` may do now: never more than its person. Writing includes reading and asking banks."""
    wanted = set(scopes)
    if Scope.WRITE in wanted:
        wanted |= {str(Scope.READ), str(Scope.SYNC)}
    return frozenset(wanted) & scopes_of_person(user)
