"""PlugFn's words about a database in the reader's language: whose it is, and what its user may do too much."""

import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

_Table = tuple[tuple[re.Pattern[str], Any], ...]

_LABELS: _Table = (
    (re.compile(r"(?P<host>\S+) with an? (?P<kind>\w+) key"), _("%(host)s (%(kind)s key)")),
    (
        re.compile(r"(?P<database>.+) as (?P<user>.+), (?P<server>PostgreSQL .+)"),
        _("%(database)s as %(user)s, %(server)s"),
    ),
)
_WARNINGS: _Table = (
    (
        re.compile(r"The role is a superuser.*"),
        _("The user is a superuser: it may do anything there. Connect with a user who may only read."),
    ),
    (re.compile(r"The role has privileges that.*"), _("The user has rights that reading does not need.")),
    (re.compile(r"The role may create tables.*"), _("The user may create tables. Reading does not need that.")),
    (
        re.compile(r"The role may write to (?P<n>\d+) of.*"),
        ngettext_lazy(
            "The user may write to %(n)d table. Ponte only reads, but a user who cannot write is safer.",
            "The user may write to %(n)d tables. Ponte only reads, but a user who cannot write is safer.",
            "n",
        ),
    ),
    (
        re.compile(r"The role may read (?P<n>\d+) tables that.*"),
        ngettext_lazy(
            "The user may read %(n)d more table, which is not in the list of this connection.",
            "The user may read %(n)d more tables, which are not in the list of this connection.",
            "n",
        ),
    ),
    (
        re.compile(r"(?P<n>\d+) of the allowed tables do not exist.*"),
        ngettext_lazy(
            "%(n)d table of the list does not exist, or may not be read. Check its name.",
            "%(n)d tables of the list do not exist, or may not be read. Check their names.",
            "n",
        ),
    ),
    (
        re.compile(r"The connection allows no table.*"),
        _("The list of tables is empty, so nothing can be read. Add tables to it."),
    ),
    (
        re.compile(r"The key is .* and may write to every table\."),
        _("This key bypasses row-level security and may write to every table. Use a publishable key."),
    ),
    (
        re.compile(r"PlugFn does not know this kind of key.*"),
        _("This kind of key is not known, so nobody can say what it may do."),
    ),
    (
        re.compile(r"The key is of the older kind.*"),
        _("The key is of the older kind, which Supabase is phasing out. Replace it."),
    ),
)


def warning_words(text: str) -> str:
    """One of PlugFn's warnings."""
    return _words(text, _WARNINGS)


def label_words(label: str) -> str:
    """A database's label without its warnings, which a test shows in full."""
    return _words(label.partition(". Warning: ")[0], _LABELS)


def _words(text: str, table: _Table) -> str:
    for pattern, words in table:
        if match := pattern.fullmatch(text):
            found = match.groupdict()
            return str(words % {name: int(value) if name == "n" else value for name, value in found.items()})
    return text
