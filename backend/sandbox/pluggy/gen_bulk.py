"""Big accounts: a row's bytes are made from its number when it is read, so that 500,000 rows need little memory."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from .categories import name_of
from .gen_transactions import Book
from .ledger import FleetingRow, Row
from .people import cnpj
from .seeded import digest, rng
from .spending import BANK
from .wire import dump

DAYS = 365
MOST_KEPT = 100_000


def bulk(book: Book, count: int, today: date) -> Iterator[Row]:
    """`count` rows over the last year, oldest first. Ids grow with the number, so both orders are the same."""
    tail = digest("bulk", book.account["id"]).hex()
    ending = f"-{tail[:4]}-4{tail[4:7]}-8{tail[7:10]}-{tail[10:22]}"
    make = _maker(book)
    kind = Row if count <= MOST_KEPT else FleetingRow
    days = [f"{(today - timedelta(DAYS - n)).isoformat()}T00:00:00.000Z" for n in range(DAYS)]
    for number in range(count):
        yield kind(f"{number:08x}{ending}", days[number * DAYS // count], book.stamp, make=make)


def _maker(book: Book) -> Callable[[Row], bytes]:
    patterns = [_pattern(book, index) for index in range(len(BANK))]
    accent = int.from_bytes(digest(book.seed, book.user)[:4], "big")

    def make(row: Row) -> bytes:
        number = int(row.id[:8], 16)
        mixed = (number * 2654435761 + accent) & 0xFFFFFFFF
        low, high, credit, text = patterns[mixed % len(patterns)]
        cents = low + mixed % (high - low + 1)
        amount = f"{'' if credit else '-'}{cents // 100}.{cents % 100:02d}"
        return (text % (row.id, number, amount, row.date, number % 97)).encode()

    return make


def _pattern(book: Book, index: int) -> tuple[int, int, bool, str]:
    template = BANK[index]
    merchant = template.merchant or "Comercio do Bairro"
    text = template.text.format(name="CLIENTE DA LOJA")
    doc = {
        "id": "@id", "description": f"{text} @number", "descriptionRaw": text, "currencyCode": "BRL",
        "amount": "@amount", "amountInAccountCurrency": None, "date": "@date",
        "category": name_of(template.category), "categoryId": template.category, "balance": None,
        "accountId": book.account["id"], "providerCode": None, "status": "POSTED",
        "type": "CREDIT" if template.sign > 0 else "DEBIT", "paymentData": None, "creditCardMetadata": None,
        "merchant": {"name": merchant, "businessName": merchant.upper(), "cnpj": cnpj(rng("merchant", merchant)),
                     "cnae": "4711302", "category": name_of(template.category)},
        "operationType": template.operation or None, "operationTypeAdditionalInfo": None, "providerId": None,
        "order": "@order", "createdAt": book.stamp, "updatedAt": book.stamp,
    }  # fmt: skip
    raw = dump(doc).decode().replace("%", "%%")
    for hole, slot in (
        ("@id", "%s"),
        ("@number", "%07d"),
        ('"@amount"', "%s"),
        ("@date", "%s"),
        ('"@order"', "%d"),
    ):
        raw = raw.replace(hole, slot)
    return template.low, template.high, template.sign > 0, raw
