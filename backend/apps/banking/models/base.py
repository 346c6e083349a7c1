"""The base of all rows from an aggregator: their client, their id at the vendor, and the digest that shows a change."""

from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models.functions import Now
from django.db.models.lookups import Exact

from apps.clients.models import Client
from apps.clients.scope import ClientQuerySet
from lib import crypto
from lib.sealed import SealedJSON


def indexed(text: str, name: str) -> bytes | None:
    """The blind index of a number such as a CPF, without its punctuation. None for an empty number."""
    letters = "".join(filter(str.isalnum, text))
    return crypto.blind_index(letters, name) if letters else None


RowT = TypeVar("RowT", bound=models.Model)


class VendorQuerySet(ClientQuerySet[RowT]):
    """Rows of an aggregator, including tombstones."""

    def live(self) -> Self:
        """Without tombstones."""
        return self.filter(deleted_at=None)

    def having(self, name: str, text: str) -> Self:
        """Rows whose sealed column `name` holds `text`. The model needs a column `<name>_index`."""
        return self.filter(**{f"{name}_index": indexed(text, name), f"{name}_index__isnull": False})


class VendorRow(models.Model):
    """One object of an aggregator. A merge finds its row by the natural key and compares the digest of its content.

    `extra` holds the vendor's fields that have no column. `deleted_at` marks a tombstone: the vendor no longer has
    the object. `vendor_updated_at` is the vendor's stamp at the last change of content; a newer stamp alone is not
    written.
    """

    natural_key: ClassVar[tuple[str, ...]]
    # Columns that belong to us or to the user. A merge never writes them.
    own_columns: ClassVar[tuple[str, ...]] = ()
    # Columns that become NULL when the object of a tombstone returns.
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
        return f"{self._meta.verbose_name_raw} {self.vendor_id}"

    def seal_context(self, column: str) -> str:
        """The context to which the ciphertext of `column` is bound: this row, by its natural key."""
        return seal_context(type(self), [getattr(self, name) for name in self.natural_key], column)


class ClientRow(VendorRow):
    """A row of an aggregator that belongs to a client. The database checks that its parent has the same client."""

    # A migration creates the foreign key (parent, client) in SQL, which checks both at once.
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)

    objects = VendorQuerySet.as_manager()

    class Meta:
        abstract = True


def seal_context(model: type[models.Model], key: list[Any], column: str) -> str:
    """The associated data for the encryption of one column of one row."""
    return "|".join([model._meta.label, *map(str, key), column])


def checks(name: str) -> list[models.BaseConstraint]:
    """The constraints of every vendor row: it has a vendor id and a digest."""
    length = models.Func("digest", function="octet_length", output_field=models.IntegerField())
    return [
        models.CheckConstraint(condition=~models.Q(vendor_id=""), name=f"{name}_has_vendor_id"),
        models.CheckConstraint(condition=Exact(length, crypto.DIGEST_SIZE), name=f"{name}_has_digest"),
    ]


def currency_check(name: str) -> models.CheckConstraint:
    """A currency is three capital letters. XXX is ISO 4217's "no currency"."""
    return models.CheckConstraint(
        condition=models.Q(currency_code__regex=r"^[A-Z]{3}$"), name=f"{name}_currency_is_iso"
    )
