"""What Ponte needs to prove a card's bill: columns of a transaction, and pairs of transactions.

No column rewrites the table: each is empty, or has a constant default. Stored rows get their values with the next
complete listing of their account, at the latest a day later, because the new columns change their digests.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

WORD = {"blank": True, "db_default": "", "default": "", "max_length": 60}
KINDS = [
    ("expense", "Expense"),
    ("income", "Income"),
    ("transfer", "Transfer"),
    ("own_transfer", "Transfer between own accounts"),
    ("bill_payment", "Payment of a card bill"),
    ("refund", "Refund"),
    ("fee", "Fee or interest"),
    ("investment", "Investment"),
    ("credit", "Loan or credit"),
]


def _side(column):
    name = f"banking_transferpair_{column}"
    return migrations.RunSQL(
        f"ALTER TABLE banking_transferpair ADD CONSTRAINT {name} FOREIGN KEY ({column}_id)"
        " REFERENCES banking_transaction (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE banking_transferpair DROP CONSTRAINT {name}",
    )


def _row(name):
    return models.OneToOneField(
        db_constraint=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name=name,
        to="banking.transaction",
    )


class Migration(migrations.Migration):
    dependencies = [("banking", "0012_widget_figures"), ("clients", "0002_membership_of_client")]

    operations = [
        migrations.AddField("transaction", "bill_post_date", models.DateField(null=True)),
        migrations.AddField("transaction", "bill_month", models.DateField(null=True)),
        migrations.AddField("transaction", "fee_type", models.CharField(**WORD)),
        migrations.AddField("transaction", "other_credits_type", models.CharField(**WORD)),
        migrations.AddField("transaction", "kind", models.CharField(choices=KINDS, **WORD)),
        migrations.AddField("transaction", "user_kind", models.CharField(choices=KINDS, **WORD)),
        migrations.CreateModel(
            name="TransferPair",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=KINDS, **WORD)),
                ("by_person", models.BooleanField(db_default=False, default=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
                ("outgoing", _row("pair_as_outgoing")),
                ("incoming", _row("pair_as_incoming")),
            ],
            options={
                "indexes": [models.Index(fields=["client", "-id"], name="transfer_pair_list")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("own_transfer", "bill_payment"))),
                        name="transfer_pair_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outgoing", models.F("incoming")), _negated=True),
                        name="transfer_pair_has_two_rows",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE banking_transferpair ADD CONSTRAINT banking_transferpair_client FOREIGN KEY (client_id)"
            " REFERENCES clients_client (id) DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE banking_transferpair DROP CONSTRAINT banking_transferpair_client",
        ),
        _side("outgoing"),
        _side("incoming"),
    ]
