"""Files of transactions: complete, safe for spreadsheets, and the same again."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from apps.banking.categories import Categories
from apps.banking.exports import csv_file, json_file, ofx
from apps.banking.exports.batches import batches
from apps.banking.exports.records import plain, record
from apps.banking.factories import AccountFactory, CategoryFactory, TransactionFactory
from apps.banking.models import Transaction

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 9, 12, tzinfo=UTC)


def records():
    return [record(row, Categories.read()) for batch in batches(Transaction.objects.all()) for row in batch]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_batches_hold_every_row_once_newest_first(size):
    account = AccountFactory()
    for day in (1, 2, 2, 3, 3):
        TransactionFactory(account=account, date=date(2026, 11, day))
    ids = [row.pk for batch in batches(Transaction.objects.all(), size) for row in batch]
    assert ids == list(Transaction.objects.order_by("-date", "-id").values_list("pk", flat=True))


def test_many_rows_need_one_query_for_each_batch(django_assert_num_queries):
    account = AccountFactory()
    TransactionFactory.create_batch(25, account=account)
    with django_assert_num_queries(3):
        assert sum(map(len, batches(Transaction.objects.all(), 10))) == 25


@pytest.mark.parametrize("text", ["=1+1", "+55 11", "-2", "@x", "\t=1", "\r=1", "  =1", "＝1", "\n@x"])
def test_no_text_is_a_formula_for_a_spreadsheet(text):
    TransactionFactory(description=text, note=text, merchant_name=text)
    rows = list(csv.DictReader(io.StringIO("".join(csv_file.lines(records())))))
    assert [rows[0][name] for name in ("description", "note", "merchant")] == [f"'{text}"] * 3


def test_a_csv_reads_back_with_every_value():
    category = CategoryFactory(description="Food")
    TransactionFactory(
        description='Pão; "de" queijo, ltda',
        amount="-1234.5",
        user_category=category,
        note="a\nb",
        total_installments=12,
        installment_number=3,
    )
    row = next(csv.DictReader(io.StringIO("".join(csv_file.lines(records())))))
    assert (row["description"], row["note"]) == ('Pão; "de" queijo, ltda', "a\nb")
    assert (row["amount"], row["category"], row["installment"], row["hidden"]) == ("-1234.50", "Food", "3/12", "0")


def test_a_spreadsheet_of_brazil_opens_with_its_own_signs():
    TransactionFactory(amount="-1234.5", date=date(2026, 11, 3))
    text = "".join(csv_file.lines(records(), csv_file.SPREADSHEET, ["Data", *csv_file.NAMES[1:]]))
    assert text.startswith("\ufeffData;description;")
    assert text.splitlines()[1].startswith("2026-11-03;")
    assert ";-1234,50;BRL;" in text


def test_json_is_one_object_with_exact_amounts_also_without_rows():
    assert json.loads("".join(json_file.lines([], NOW)))["transactions"] == []
    TransactionFactory.create_batch(2, amount="-0.1", description='"é"')
    rows = json.loads("".join(json_file.lines(records(), NOW)))["transactions"]
    assert [(row["amount"], row["description"]) for row in rows] == [("-0.10", '"é"')] * 2


@pytest.mark.parametrize(("amount", "text"), [("10.00000000", "10.00"), ("0.00100000", "0.001"), ("-5.5", "-5.50")])
def test_amounts_have_cents_or_all_their_decimals(amount, text):
    assert f"{plain(Decimal(amount)):f}" == text


def statement(account, rows=None):
    return ofx.Statement(account, [list(rows or account.transactions.all())], date(2026, 1, 1), date(2026, 11, 22))


def parsed(*statements) -> ElementTree.Element:
    text = "".join(ofx.parts(statements, "pt-br", NOW))
    header, _, body = text.partition("\r\n\r\n")
    assert header.startswith("OFXHEADER:100")
    return ElementTree.fromstring(body)


def test_ofx_has_each_account_in_its_message_and_survives_any_text():
    bank, card = AccountFactory(currency_code="USD"), AccountFactory(type="CREDIT", balance=None)
    TransactionFactory(account=bank, description="A & B <x> ]]> \x01" + "y" * 40, amount="5", type="CREDIT")
    TransactionFactory(account=card, description="loja", merchant_name="Loja Bonita", note="nota")
    root = parsed(statement(card), statement(bank))
    assert root.findtext("BANKMSGSRSV1/STMTTRNRS/STMTRS/CURDEF") == "USD"
    row = root.find(".//STMTRS//STMTTRN")
    assert (row.findtext("TRNTYPE"), row.findtext("TRNAMT"), len(row.findtext("NAME"))) == ("CREDIT", "5.00", 32)
    assert row.findtext("MEMO").startswith("A & B <x> ]]> ")
    row = root.find("CREDITCARDMSGSRSV1/CCSTMTTRNRS/CCSTMTRS//STMTTRN")
    assert (row.findtext("NAME"), row.findtext("MEMO")) == ("Loja Bonita", "loja - nota")
    assert root.findtext(".//CCSTMTRS/CCACCTFROM/ACCTID") == f"ponte-{card.pk}"


def test_an_ofx_has_the_balance_of_the_banks_day_and_what_a_card_owes_below_zero():
    bank, card = (AccountFactory(type=kind, balance=Decimal("12.5")) for kind in ("BANK", "CREDIT"))
    bank.connection.last_updated_at = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
    root = parsed(statement(bank, [TransactionFactory(account=bank)]), statement(card, [TransactionFactory()]))
    balances = [(each.findtext("BALAMT"), each.findtext("DTASOF")) for each in root.iter("LEDGERBAL")]
    assert balances == [("12.50", "20261120"), ("-12.50", "20261122")]


def test_ofx_names_no_number_of_a_bank_account():
    account = AccountFactory()
    account.number = "12345-6"
    account.save()
    assert "12345" not in "".join(ofx.parts([statement(account)], "en", NOW))


def test_a_fitid_is_the_first_id_under_which_the_row_was_known():
    account = AccountFactory()
    rows = [TransactionFactory(account=account, vendor_id=name) for name in ("first", "second", "third", "alone")]
    for old, new in pairwise(rows[:3]):
        Transaction.objects.filter(pk=old.pk).update(deleted_at=NOW, replaced_by=new)
    ids = ofx.first_ids(rows[2:])
    assert ids == {rows[2].pk: "first", rows[3].pk: "alone"}


def test_an_ofx_without_accounts_is_still_one():
    assert parsed().tag == "OFX"
