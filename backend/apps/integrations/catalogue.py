"""Which providers people can connect, and what Ponte knows of each beside its PlugFn definition.

A provider of PlugFn needs one line here to be offered. Everything else comes from its definition: the form, the test,
the actions, how its webhooks are proved.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from plugfn.definition import OAuth2, Provider
from plugfn.providers import load


@dataclass(frozen=True)
class Entry:
    """One card of the gallery. `type` is its name in the API; `channel` says which kind of message it sends, if any.

    `sends` is the PlugFn action that sends a message. `slug` stands in webhook addresses.
    """

    provider: str
    type: str
    slug: str
    says: Promise
    channel: str = ""
    sends: str = ""

    @property
    def definition(self) -> Provider:
        """The PlugFn provider."""
        return load(self.provider)

    @property
    def label(self) -> str:
        """The provider's own name."""
        return self.definition.label

    @property
    def is_oauth(self) -> bool:
        """Whether people connect at the vendor's site."""
        return isinstance(self.definition.auth, OAuth2)

    @property
    def several(self) -> bool:
        """Whether a client may have more than one."""
        return self.definition.several

    @property
    def icon(self) -> str:
        """The provider's drawing, as SVG text."""
        return _icon(self.provider)


ENTRIES = (
    Entry(
        "whatsapp_uazapi",
        "whatsapp",
        "uazapi",
        _("Send and receive WhatsApp messages with your own number, through the gateway uazapi."),
        channel="whatsapp",
        sends="messages.send_text",
    ),
    Entry(
        "email_smtp",
        "email_smtp",
        "smtp",
        _("Send e-mail through your own mail server."),
        channel="email",
        sends="messages.send",
    ),
    Entry(
        "email_sendgrid",
        "email_sendgrid",
        "sendgrid",
        _("Send e-mail through SendGrid, and see whether it was delivered."),
        channel="email",
        sends="messages.send",
    ),
    Entry(
        "database_supabase",
        "database",
        "supabase",
        _("Read chosen tables of your Supabase database."),
    ),
    Entry(
        "database_postgres",
        "database",
        "postgres",
        _("Read chosen tables of your PostgreSQL database."),
    ),
    Entry("github", "github", "github", _("Read repositories, open issues and pull requests.")),
    Entry(
        "slack",
        "slack",
        "slack",
        _("Write to the channels of your Slack workspace."),
        channel="slack",
        sends="chat.postMessage",
    ),
    Entry("http", "http", "http", _("Send signed webhooks to an address of yours, and receive them.")),
)
BY_PROVIDER = {entry.provider: entry for entry in ENTRIES}
BY_SLUG = {entry.slug: entry for entry in ENTRIES}
CHANNELS = tuple(sorted({entry.channel for entry in ENTRIES if entry.channel}))


@cache
def _icon(provider: str) -> str:
    return (resources.files(f"plugfn.providers.{provider}") / "icon.svg").read_text()
