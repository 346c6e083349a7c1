"""What all rows of an aggregator have in common: whose they are, their names there, whether they changed."""

from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models.functions import Now
from django.db.models.lookups import Exact

from apps.clients.models import Client
from apps.clients.scope import ClientQuerySet
from lib import crypto
from lib.sealed import SealedJSON


def indexed(text: str, name: str) -> bytes | None:
    """The blind index of a number such as a CPF: punctuation does not count. None for an empty one."""
    letters = "".join(filter(str.isalnum, text))
    return crypto.blind_index(letters, name) if letters else None


RowT = TypeVar("RowT", bound=models.Model)


class VendorQuerySet(ClientQuerySet[RowT]):
    """Rows of an aggregator, tombstones included unless asked otherwise."""

    def live(self) -> Self:
        """Without the rows the aggregator no longer has."""
        return self.filter(deleted_at=None)

    def having(self, name: str, text: str) -> Self:
        """Rows whose sealed column `name` holds `text`; needs a column `<name>_index`."""
        return self.filter(**{f"{name}_index": indexed(text, name), f"{name}_index__isnull": False})


class VendorRow(models.Model):
    """One object of an aggregator: found again by its natural key, compared by the digest of its content.

    `extra` is everything the vendor sent and no column holds. `deleted_at` makes a tombstone: the vendor has
    it no more. `vendor_updated_at` is as of the last change of content: a newer stamp alone writes nothing.
    """

    natural_key: ClassVar[tuple[str, ...]]
    # What belongs to us or to the user: a merge never touches it.
    own_columns: ClassVar[tuple[str, ...]] = ()
    # What a tombstone loses when its row turns up again.
    cleared_on_return: ClassVar[tuple[str, ...]] = ()

    vendor_id = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=crypto.DIGEST_SIZE)
    extra_sealed = models.BinaryField(null=True)
    vendor_created_at = models.DateTimeField(null=True)
    vendor_updated_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(null=True)

    extra = SealedJSON("extra_sealed", empty={})

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.vendor_id}"

    def seal_context(self, column: str) -> str:
        """What the ciphertext of `column` is bound to: this row, by its natural key."""
        return seal_context(type(self), [getattr(self, name) for name in self.natural_key], column)


class ClientRow(VendorRow):
    """A row of an aggregator that belongs to a client, always its parent's: the database checks it."""

    # The pair (parent, client) is the foreign key, made in SQL by a migration: it proves both halves at once.
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)

    objects = VendorQuerySet.as_manager()

    class Meta:
        abstract = True


def seal_context(model: type[models.Model], key: list[Any], column: str) -> str:
    """The associated data of one sealed column of one row."""
    return "|".join([model._meta.label, *map(str, key), column])


def checks(name: str) -> list[models.BaseConstraint]:
    """The invariants of every vendor row: it has a name, and a digest to compare."""
    length = models.Func("digest", function="octet_length", output_field=models.IntegerField())
    return [
        models.CheckConstraint(condition=~models.Q(vendor_id=""), name=f"{name}_has_vendor_id"),
        models.CheckConstraint(condition=Exact(length, crypto.DIGEST_SIZE), name=f"{name}_has_digest"),
    ]


def currency_check(name: str) -> models.CheckConstraint:
    """Three capital letters; XXX is ISO 4217's "no currency"."""
    return models.CheckConstraint(
        condition=models.Q(currency_code__regex=r"^[A-Z]{3}$"), name=f"{name}_currency_is_iso"
    )
