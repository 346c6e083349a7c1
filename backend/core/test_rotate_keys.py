"""Keys rotate while rows are written, and afterwards the new key alone is enough."""

import base64
import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from apps.banking.aggregators.pluggy import rows
from apps.banking.factories import AccountFactory, ConnectionFactory, IdentityFactory
from apps.banking.models import Account, Connection, Identity, Transaction
from apps.banking.rows.merge import merge
from apps.banking.rows.test_merge import doc, merge_docs, scope
from apps.events.models import Event
from lib import crypto, rotation
from lib.row_security import system_rows

OLD, NEW = (base64.b64encode(bytes([n] * 32)).decode() for n in (1, 2))
SECRET = {"paymentData": {"payer": {"name": "Maria da Silva"}, "paymentMethod": "PIX"}}


@pytest.fixture(autouse=True)
def old_key(settings):
    settings.ENCRYPTION_KEYS = [OLD]


def rotate(*options: str) -> str:
    out = StringIO()
    call_command("rotate_keys", *options, stdout=out, stderr=out)
    return out.getvalue()


def some_of_everything() -> Account:
    account = AccountFactory()
    account.number, account.tax_number = "12345-0", "761.092.776-73"
    account.save()
    parent = ConnectionFactory()
    parent.extra = {"error": {"code": "X"}}
    parent.save()
    who = IdentityFactory(connection=parent)
    who.full_name, who.emails = "Ana", [{"value": "ana@example.com"}]
    who.save()
    payload = Event.seal("pluggy", "e-1", b'{"a": 1}')
    Event.objects.create(source="pluggy", event_id="e-1", kind="item/updated", mailbox="m", payload=payload)
    with transaction.atomic():
        merge_docs(account, *(doc(n) for n in range(25)))
    return account


@pytest.mark.django_db
def test_the_rotation_covers_every_model_with_sealed_columns():
    labels = {model._meta.label for model in rotation.sealed_models()}
    assert {
        "banking.Transaction",
        "banking.Account",
        "banking.Connection",
        "banking.Identity",
        "events.Event",
    } <= labels
    assert rotation.sealed_columns(Event) == ("payload",)
    assert "full_name_sealed" in rotation.sealed_columns(Identity)


@pytest.mark.django_db
def test_after_the_rotation_the_new_key_decrypts_everything(settings, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 7)
    account = some_of_everything()
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert "banking.Transaction: 25 rows decrypted, 25 to encrypt again" in rotate("--dry-run")
    assert "banking.Transaction: 25 rows encrypted again" in rotate()
    settings.ENCRYPTION_KEYS = [NEW]
    assert all(row.extra == SECRET for row in Transaction.objects.all())
    account.refresh_from_db()
    assert (account.number, account.tax_number, account.owner) == ("12345-0", "761.092.776-73", "")
    assert Connection.objects.exclude(extra_sealed=None).get().extra == {"error": {"code": "X"}}
    assert Identity.objects.get().emails == [{"value": "ana@example.com"}]
    assert Event.objects.get().data == {"a": 1}


@pytest.mark.django_db
def test_a_second_run_does_nothing_and_a_rotated_row_does_not_count_as_changed(settings):
    account = some_of_everything()
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    rotate()
    before = list(Transaction.objects.values_list("pk", "extra_sealed", "updated_at"))
    assert "banking.Transaction: 0 rows encrypted again" in rotate()
    assert merge_docs(account, *(doc(n) for n in range(25))).unchanged == 25
    assert list(Transaction.objects.values_list("pk", "extra_sealed", "updated_at")) == before


@pytest.mark.django_db
def test_a_row_that_no_key_decrypts_is_reported_and_left_as_it_is(settings):
    some_of_everything()
    lost = Transaction.objects.earliest("pk")
    Transaction.objects.filter(pk=lost.pk).update(extra_sealed=b"\x01nokey" + b"x" * 40)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="1 rows still need an older key"):
        rotate()
    assert bytes(Transaction.objects.get(pk=lost.pk).extra_sealed).startswith(b"\x01nokey")
    assert rotation.outdated(Transaction) == 1


@pytest.mark.django_db
def test_a_dry_run_decrypts_every_value_and_changes_nothing(settings, monkeypatch):
    monkeypatch.setattr(rotation, "CHECKED_AT_ONCE", 7)
    some_of_everything()
    before = list(Transaction.objects.order_by("pk").values_list("pk", "extra_sealed"))
    said = rotate("--dry-run")
    assert "banking.Transaction: 25 rows decrypted, 0 to encrypt again" in said
    assert "events.Event: 1 rows decrypted, 0 to encrypt again" in said
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert "banking.Transaction: 25 rows decrypted, 25 to encrypt again" in rotate("--dry-run")
    assert list(Transaction.objects.order_by("pk").values_list("pk", "extra_sealed")) == before


@pytest.mark.django_db
def test_a_dry_run_with_other_keys_than_those_of_the_backup_fails(settings):
    some_of_everything()
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match="cannot be decrypted"):
        rotate("--dry-run")


@pytest.mark.django_db
def test_a_dry_run_finds_the_one_value_that_is_damaged_although_its_key_is_known():
    some_of_everything()
    damaged = Transaction.objects.earliest("pk")
    sealed = bytearray(damaged.extra_sealed)
    sealed[-1] ^= 1
    Transaction.objects.filter(pk=damaged.pk).update(extra_sealed=bytes(sealed))
    out = StringIO()
    with pytest.raises(CommandError, match="1 rows cannot be decrypted"):
        call_command("rotate_keys", "--dry-run", stdout=out, stderr=out)
    assert f"banking.Transaction: none of ENCRYPTION_KEYS decrypts 1 rows (id {damaged.pk})" in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_rows_written_during_a_rotation_lose_nothing(settings, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 5)
    monkeypatch.setattr(rotation, "PAUSE", 0.05)
    account = some_of_everything()
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    ended, round_number, failures = threading.Event(), 0, []

    def write_on() -> None:
        nonlocal round_number
        try:
            while not ended.is_set() or round_number == 0:
                round_number += 1
                docs = [doc(n, description=f"Rodada {round_number}") for n in range(25)]
                with system_rows("the tests"):
                    merge(Transaction, scope(account), map(rows.transaction, docs))
        except Exception as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        rotate()
    finally:
        ended.set()
        writer.join(20)
    assert not failures
    settings.ENCRYPTION_KEYS = [NEW]
    assert rotation.outdated(Transaction) == 0
    assert {row.description for row in Transaction.objects.all()} == {f"Rodada {round_number}"}
    assert all(row.extra == SECRET for row in Transaction.objects.all())


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_is_left_for_a_later_pass(settings, monkeypatch):
    account = some_of_everything()
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with system_rows("the tests"):
            Transaction.objects.select_for_update().filter(account=account).earliest("pk")
            locked.set()
            release.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(10)
    monkeypatch.setattr(rotation, "PASSES", 1)
    assert rotation.rotate(Transaction) == rotation.Rotation(resealed=24, locked=1)
    release.set()
    holder.join(10)
    assert rotation.rotate(Transaction) == rotation.Rotation(resealed=1)
    assert all(crypto.is_current(bytes(row.extra_sealed)) for row in Transaction.objects.all())
