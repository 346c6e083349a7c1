"""Full-text search in transactions: their words, in a table of their own, and how far it has been brought up to date.

Words in an index of the transactions themselves would halve the speed of a first sync. So a task writes them a few
seconds later; it also fills the table after the next migration.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

# `models.words.fold` does the same in Python; a test compares the two. Most rows have ASCII letters alone, and the
# second branch costs ten times as much. Not to_tsvector: its parser takes `help.uber.com` for one word.
_TEXT = "(description || ' ' || merchant || ' ' || left(note, 500))"
_LETTERS = f"""CASE WHEN octet_length({_TEXT}) = char_length({_TEXT})
    THEN replace({_TEXT}, '''', '')
    ELSE regexp_replace(translate(normalize({_TEXT}, NFKD), 'ßæÆøØłŁœŒđĐ', 'saaoolloodd'),
                        '[''’\\u0300-\\u036f]+', '', 'g') END COLLATE "C" """
_FOLDED = f"regexp_replace(lower({_LETTERS}), '[^a-z0-9]+', ' ', 'g')"
FUNCTION = f"""
    CREATE OR REPLACE FUNCTION banking_words(client uuid, description text, merchant text, note text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(string_to_array(
        left(client::text, 8) || replace({_FOLDED}, ' ', ' ' || left(client::text, 8)), ' '))
"""


class Migration(migrations.Migration):
    dependencies = [("banking", "0016_staff_indexes")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION IF EXISTS banking_words(uuid, text, text, text)"),
        migrations.CreateModel(
            "TransactionWords",
            [
                (
                    "transaction",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="words",
                        serialize=False,
                        to="banking.transaction",
                    ),
                ),
                ("words", django.contrib.postgres.search.SearchVectorField()),
                ("as_of", models.DateTimeField()),
            ],
            {
                "verbose_name_plural": "words of transactions",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["words"], fastupdate=False, name="words_search"),
                    models.Index(fields=["as_of"], name="words_as_of"),
                ],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE banking_transactionwords ADD CONSTRAINT banking_transactionwords_transaction"
            " FOREIGN KEY (transaction_id) REFERENCES banking_transaction (id) ON DELETE CASCADE",
            "ALTER TABLE banking_transactionwords DROP CONSTRAINT banking_transactionwords_transaction",
        ),
    ]
