"""Two transactions that are one movement between accounts of one client."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.banking.models.kinds import PAIRED, Kind
from apps.banking.models.transaction import Transaction
from apps.banking.sizes import WORD
from apps.clients.models import Client
from apps.clients.scope import ClientQuerySet


class TransferPair(models.Model):
    """Money that left one account (`outgoing`) and reached another (`incoming`): no expense and no income.

    Each row is in one pair at most. `by_person`: a person made the pair, so no sync changes it. A pair that the rules
    made is deleted when they no longer hold.
    """

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    # A migration sets ON DELETE CASCADE in the database, so that deleting an account need not read all its rows.
    outgoing = models.OneToOneField(
        Transaction, on_delete=models.DO_NOTHING, related_name="pair_as_outgoing", db_constraint=False
    )
    incoming = models.OneToOneField(
        Transaction, on_delete=models.DO_NOTHING, related_name="pair_as_incoming", db_constraint=False
    )
    kind = models.CharField(**WORD, choices=Kind.choices)
    by_person = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ClientQuerySet.as_manager()

    class Meta:
        verbose_name = _("pair of a transfer")
        verbose_name_plural = _("pairs of transfers")
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=PAIRED), name="transfer_pair_kind_known"),
            models.CheckConstraint(
                condition=~models.Q(outgoing=models.F("incoming")), name="transfer_pair_has_two_rows"
            ),
        ]
        indexes = [models.Index(fields=["client", "-id"], name="transfer_pair_list")]

    def __str__(self) -> str:
        return f"pair {self.pk} ({self.kind})"
