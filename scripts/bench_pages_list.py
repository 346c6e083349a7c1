"""What `scripts/bench pages` measures: this list alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """`path` may hold {connection}, {account}, {conversation} and {word}: ids and a search word of the seeded data.

    `who` asks for it: `person` is the owner of the large client, `staff` sees the admin."""

    name: str
    path: str
    who: str = "person"


PAGES = [
    Page("overview", "/"),
    Page("connections", "/connections/"),
    Page("connection", "/connections/{connection}/"),
    Page("accounts", "/accounts/"),
    Page("account", "/accounts/{account}/"),
    Page("transactions", "/transactions/"),
    Page("transactions search", "/transactions/?q={word}"),
    Page("investments", "/investments/"),
    Page("activity", "/activity/"),
    Page("integrations", "/integrations/"),
    Page("history of messages", "/integrations/history/"),
    Page("history of calls", "/integrations/history/calls/"),
    Page("messages that failed", "/integrations/history/?state=failed"),
    Page("conversations", "/conversations/"),
    Page("conversation", "/conversations/{conversation}/"),
    Page("applications", "/settings/applications/"),
    Page("api: transactions", "/api/transactions/"),
    Page("api: accounts", "/api/accounts/"),
    Page("api: connections", "/api/connections/"),
    Page("api: conversations", "/api/conversations/"),
]
ADMIN = [
    Page("admin: dashboard", "/admin/", "staff"),
    Page("admin: events", "/admin/events/event/", "staff"),
    Page("admin: events pending", "/admin/events/event/?state=pending", "staff"),
    Page("admin: events of a kind", "/admin/events/event/?kind=item/error", "staff"),
    Page("admin: events of an outcome", "/admin/events/event/?outcome=synced", "staff"),
    Page("admin: connections", "/admin/banking/connection/", "staff"),
    Page("admin: accounts", "/admin/banking/account/", "staff"),
    Page("admin: transactions", "/admin/banking/transaction/", "staff"),
    Page("admin: transactions of an account", "/admin/banking/transaction/?account={account}", "staff"),
    Page("admin: deleted transactions", "/admin/banking/transaction/?deleted=only", "staff"),
    Page("admin: sync runs", "/admin/banking/syncrun/", "staff"),
    Page("admin: failed sync runs", "/admin/banking/syncrun/?state=failed", "staff"),
    Page("admin: sends", "/admin/integrations/send/", "staff"),
    Page("admin: conversations", "/admin/integrations/conversation/", "staff"),
    Page("admin: contacts", "/admin/integrations/contact/", "staff"),
    Page("admin: connection", "/admin/banking/connection/{connection}/change/", "staff"),
]
# What every other page is compared with: the shell of the pages without any data (bench_pages_urls.py).
EMPTY = Page("empty", "/bench/empty/")
ALL = [*PAGES, *ADMIN]
