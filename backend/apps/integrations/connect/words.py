"""What the fields of credentials are called, and what helps a person to fill them in. Their order is that of the form.

A field without words here shows the name and the text of the provider's own model, in English.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class Words:
    """`choices` name the values of a choice. `is_folded`: few people need it. `is_secret`: its value is never shown."""

    label: Text
    help: Text = ""
    choices: Mapping[str, Text] = field(default_factory=dict)
    is_folded: bool = False
    is_secret: bool = False
    example: str = ""


_SENDER = {
    "from_email": Words(_("Sender's address"), _("Messages come from this address."), example="nota@example.com"),
    "from_name": Words(_("Sender's name"), _("What people see beside the address.")),
    "aliases": Words(
        _("Other sender's addresses"),
        _("Addresses that a message may come from instead, one in each line."),
        is_folded=True,
    ),
}
_TABLES = {
    "allowed_tables": Words(
        _("Tables that may be read"),
        _("Names of tables or views, one in each line: table, or schema.table. Without any, nothing can be read."),
    ),
    "max_rows": Words(_("Most rows in one answer"), _("1 to 1000."), is_folded=True),
}
FIELDS: dict[str, dict[str, Words]] = {
    "whatsapp_uazapi": {
        "base_url": Words(
            _("Address of the gateway"),
            _("As your account at uazapi shows it."),
            example="https://free.uazapi.com",
        ),
        "token": Words(_("Token of the instance"), _("The token of your number, not the administrator's token.")),
        "phone": Words(
            _("Phone number of the account"),
            _("If it is set, messages that come in for another number are refused."),
            is_folded=True,
            example="+55 11 98888-7777",
        ),
        "instance_name": Words(
            _("Name of the instance"),
            _("If it is set, messages that come in for another instance are refused."),
            is_folded=True,
        ),
    },
    "email_smtp": {
        "host": Words(_("Mail server"), _("The name of the server that sends your mail."), example="smtp.example.com"),
        "port": Words(_("Port"), _("Usually 587, or 465 with TLS from the beginning.")),
        "security": Words(
            _("Encryption"),
            choices={
                "starttls": _("STARTTLS (usual on port 587)"),
                "tls": _("TLS from the beginning (usual on port 465)"),
                "none": _("None (only for a server on the same machine)"),
            },
        ),
        "username": Words(_("User name"), _("Often the whole address. Leave it empty if the server needs no login.")),
        "password": Words(
            _("Password"),
            _("Gmail, Outlook and others want an app password, which you make in the settings of your account there."),
        ),
        **_SENDER,
        "timeout": Words(_("Longest wait for the server"), _("In seconds, 1 to 120."), is_folded=True),
    },
    "email_sendgrid": {
        "api_key": Words(
            _("API key"),
            _("Make one at SendGrid under Settings, API Keys, with the permission Mail Send. It begins with SG."),
        ),
        **_SENDER,
        "region": Words(
            _("Region of the account"),
            choices={"us": _("Global"), "eu": _("European Union")},
            is_folded=True,
        ),
        "webhook_key": Words(
            _("Verification key of the event webhook"),
            _(
                "SendGrid shows it under Settings, Mail Settings, Event Webhook, when its signature is switched on. "
                "Without it, Ponte does not learn whether messages were delivered."
            ),
            is_folded=True,
        ),
    },
    "database_supabase": {
        "url": Words(_("Address of the project"), example="https://abcdefgh.supabase.co"),
        "key": Words(
            _("API key"),
            _(
                "Best a publishable key (sb_publishable_…) whose policies let it read the tables below. A secret key "
                "sees and may change everything."
            ),
        ),
        **_TABLES,
        "server_max_rows": Words(
            _("The project's own limit of rows"),
            _("The setting Max rows in Supabase. Larger answers would be cut there without notice."),
            is_folded=True,
        ),
    },
    "database_postgres": {
        "host": Words(_("Server"), _("One host name or address."), example="db.example.com"),
        "port": Words(_("Port"), _("1024 or higher.")),
        "dbname": Words(_("Database")),
        "user": Words(
            _("User"), _("Best a user of its own, who may only read the tables below. The database enforces that.")
        ),
        "password": Words(_("Password")),
        **_TABLES,
        "sslmode": Words(
            _("Encryption"),
            choices={
                "verify-full": _("Encrypted, and the server proves its name"),
                "require": _("Encrypted, without proof of the name"),
                "disable": _("None (only for private addresses that the operators of this server allow)"),
            },
            is_folded=True,
        ),
        "root_certificate": Words(
            _("Certificate of the authority (PEM)"),
            _("Most cloud databases need it: download it from your provider's console and paste it here."),
            is_folded=True,
        ),
        "timeout": Words(_("Longest query"), _("In seconds, 1 to 15."), is_folded=True),
        "allow_sql": Words(
            _("Allow free SELECT queries"),
            _("Only for a user who may read the tables above and nothing else."),
            is_folded=True,
        ),
    },
    "http": {
        "url": Words(_("Address"), _("Where Ponte delivers to."), is_secret=True, example="https://example.com/hook"),
        "secret": Words(
            _("Signing secret"),
            _(
                "It begins with whsec_. The receiver checks with it that a delivery is yours. Without it, nothing can "
                "be delivered."
            ),
        ),
        "old_secrets": Words(
            _("Earlier signing secrets"),
            _("They sign too while the receiver changes to the new one. One in each line."),
            is_folded=True,
        ),
        "headers": Words(
            _("Headers"),
            _("Sent with each request, one in each line, such as X-Api-Key: 123."),
            is_folded=True,
        ),
        "redirects": Words(_("Redirects to follow"), _("0 to 3."), is_folded=True),
    },
}
