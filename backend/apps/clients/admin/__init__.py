"""People and access in the admin: clients, memberships, users, groups, and the audit of what everybody did."""

from apps.clients.admin.audit import EntryAdmin
from apps.clients.admin.people import (
    ClientAdmin,
    ErasureAdmin,
    InvitationAdmin,
    MembershipAdmin,
    PeopleAdmin,
    ProfileAdmin,
)
from apps.clients.admin.users import GroupAdmin, UserAdmin

__all__ = [
    "ClientAdmin",
    "EntryAdmin",
    "ErasureAdmin",
    "GroupAdmin",
    "InvitationAdmin",
    "MembershipAdmin",
    "PeopleAdmin",
    "ProfileAdmin",
    "UserAdmin",
]
