"""The admin of tables of millions of rows: what every admin page of every app is made of. See docs/admin.md."""

from apps.clients.browse.audited import AuditedAdmin
from apps.clients.browse.columns import amount, badge, copyable, link_to, moment
from apps.clients.browse.filters import Choices, Tombstones
from apps.clients.browse.page import BrowseAdmin, BrowseTable
from apps.clients.browse.paginator import COUNT_LIMIT, BoundedPaginator
from apps.clients.browse.verbs import Refused, Verb, verb

__all__ = [
    "COUNT_LIMIT",
    "AuditedAdmin",
    "BoundedPaginator",
    "BrowseAdmin",
    "BrowseTable",
    "Choices",
    "Refused",
    "Tombstones",
    "Verb",
    "amount",
    "badge",
    "copyable",
    "link_to",
    "moment",
    "verb",
]
