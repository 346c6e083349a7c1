"""Full-text search in transactions, and indexes for the filters of their list.

The index is of an expression, so no column is added, no row is rewritten, and a sync writes as before. It is built
without locking the table.
"""

import unicodedata

from django.db import migrations

# The words of `models.words.fold`, frozen; a test compares the two.
_LETTERS = {
    "ß": "s",
    "æ": "a",
    "Æ": "a",
    "ø": "o",
    "Ø": "o",
    "ł": "l",
    "Ł": "l",
    "œ": "o",
    "Œ": "o",
    "ª": "a",
    "º": "o",
}
_DROPPED = "'’" + "".join(map(chr, range(0x300, 0x370)))


def _letter(char):
    plain = _LETTERS.get(char) or unicodedata.normalize("NFKD", char)[0]
    return plain.lower() if plain.isascii() and plain.isalnum() else " "


_FROM = [chr(code) for code in (*range(1, 0x180), *range(0x2000, 0x2070)) if chr(code) not in _DROPPED]
_CHANGED = [char for char in _FROM if char != _letter(char)]


def _quoted(text):
    return "'" + text.replace("'", "''") + "'"


_ASCII = [char for char in _CHANGED if char.isascii() and not char.isalnum()]
_TEXT = "description || ' ' || merchant || ' ' || left(note, 500)"
# translate() compares each letter with the whole list, so the many of foreign letters would cost most of a row's writing
# time. It deletes the letters that have no counterpart.
_FOLD = f"""lower(CASE WHEN octet_length({_TEXT}) = char_length({_TEXT})
    THEN translate({_TEXT}, {_quoted("".join(_ASCII) + "'")}, {_quoted(" " * len(_ASCII))})
    ELSE translate({_TEXT}, {_quoted("".join(_CHANGED) + _DROPPED)}, {_quoted("".join(map(_letter, _CHANGED)))}) END)"""
# Not to_tsvector: its parser takes `help.uber.com` and `12/24` for one word each.
FUNCTION = f"""
    CREATE OR REPLACE FUNCTION banking_words(client uuid, description text, merchant text, note text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(string_to_array(
        left(client::text, 8) || replace({_FOLD}, ' ', ' ' || left(client::text, 8)), ' '))
"""
INDEX = """
    CREATE INDEX CONCURRENTLY transaction_words ON banking_transaction
    USING gin (banking_words(client_id, description, merchant_name, note)) WHERE deleted_at IS NULL
"""


class Migration(migrations.Migration):
    # An index that is built concurrently cannot be in a transaction.
    atomic = False
    dependencies = [("banking", "0014_card_bill_indexes")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION IF EXISTS banking_words(uuid, text, text, text)"),
        # A build that was interrupted leaves an index that serves nothing.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS transaction_words", migrations.RunSQL.noop),
        migrations.RunSQL(INDEX, "DROP INDEX CONCURRENTLY IF EXISTS transaction_words"),
    ]
