"""Transactions: one document from a template, and an account's first year."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from . import spending
from .categories import name_of
from .clock import at_day
from .people import Person, cnpj, person
from .seeded import rng, uid
from .spending import Template
from .wire import Doc

DOLLAR = 5.43
CLOSING_DAY, DUE_DAY = 3, 10


@dataclass(frozen=True)
class Book:
    """The input for generating transactions: the account, its owner, the seed path, the instant of ingestion."""

    seed: str
    account: Doc
    owner: Person
    user: str
    stamp: str
    open_finance: bool = False

    @property
    def card(self) -> bool:
        """Whether the account is a credit card."""
        return bool(self.account["type"] == "CREDIT")

    def dice(self, *path: object) -> Random:
        """A generator that depends on seed, user and kind of account, not on the item's id."""
        return rng(self.seed, self.user, self.account["subtype"], self.account["number"], *path)

    def id_of(self, *path: object) -> str:
        """A transaction id: new for every item, the same for the same seed and sequence."""
        return uid(self.account["id"], *path)


def make(book: Book, template: Template, day: date, path: tuple[object, ...], status: str = "POSTED") -> Doc:
    """One transaction of this template on this day; `path` names it and determines all its random values."""
    dice = book.dice(*path)
    cents = dice.randint(template.low, template.high)
    other = person(book.seed, "counterpart", dice.randint(1, 40))
    credit = template.sign > 0
    text = template.text.format(name=other.name.upper(), employer="OFICINA DO SABER LTDA")
    return {
        "id": book.id_of(*path),
        "description": text,
        "descriptionRaw": text if not book.card else f"{text} {other.place[0].upper()} BRA",
        "currencyCode": "BRL",
        "amount": _amount(book, cents, credit),
        "amountInAccountCurrency": None,
        "date": _date(book, template, day, dice),
        "category": name_of(template.category),
        "categoryId": template.category,
        "balance": None,
        "accountId": book.account["id"],
        "providerCode": None,
        "status": status,
        "type": "CREDIT" if credit else "DEBIT",
        "paymentData": _payment(book, template, other, dice, cents) if template.method else None,
        "creditCardMetadata": _card_metadata(book, template, day, dice, cents) if book.card else None,
        "merchant": _merchant(template, dice),
        "operationType": template.operation or None,
        "operationTypeAdditionalInfo": None,
        "providerId": uid("provider", book.account["id"], *path) if book.open_finance else None,
        "order": dice.randint(0, 9),
        "createdAt": book.stamp,
        "updatedAt": book.stamp,
    }


def _amount(book: Book, cents: int, credit: bool) -> float:
    positive = credit != book.card
    return cents / 100 if positive else -cents / 100


def _date(book: Book, template: Template, day: date, dice: Random) -> str:
    if template.method == "PIX":
        return f"{day.isoformat()}T{dice.randint(11, 22):02d}:{dice.randint(0, 59):02d}:{dice.randint(0, 59):02d}.000Z"
    return at_day(day, 3 if book.card else 0)


def _merchant(template: Template, dice: Random) -> Doc | None:
    if not template.merchant:
        return None
    return {
        "name": template.merchant,
        "businessName": f"{template.merchant.upper()} COMERCIO LTDA",
        "cnpj": cnpj(rng("merchant", template.merchant)),
        "cnae": "4711302",
        "category": name_of(template.category),
    }


def _payment(book: Book, template: Template, other: Person, dice: Random, cents: int) -> Doc:
    own = party(book.owner, book.account["number"])
    theirs = party(other, f"{dice.randint(10000, 99999)}-{dice.randint(0, 9)}")
    credit = template.sign > 0
    return {
        "payer": theirs if credit else own,
        "receiver": own if credit else theirs,
        "reason": None,
        "referenceNumber": f"{dice.randint(10**9, 10**10 - 1)}",
        "receiverReferenceId": None,
        "paymentMethod": template.method,
        "boletoMetadata": _boleto(dice, cents) if template.method == "BOLETO" else None,
        "authenticationCode": f"{dice.getrandbits(48):012X}",
    }


def party(who: Person, number: str) -> Doc:
    """A side of a payment."""
    return {
        "documentNumber": {"type": "CPF", "value": who.tax_number},
        "name": who.name,
        "accountNumber": number,
        "branchNumber": "0001",
        "routingNumber": "341",
        "routingNumberISPB": "60701190",
    }


def _boleto(dice: Random, cents: int) -> Doc:
    digits = "".join(str(dice.randint(0, 9)) for _ in range(47))
    return {
        "digitableLine": digits,
        "barcode": digits[:44],
        "baseAmount": cents / 100,
        "interestAmount": 0,
        "penaltyAmount": 0,
        "discountAmount": 0,
    }


def _card_metadata(book: Book, template: Template, day: date, dice: Random, cents: int) -> Doc:
    parts = dice.choice((2, 3, 6, 10)) if template.every > 1 else 1
    return {
        "installmentNumber": 1,
        "totalInstallments": parts,
        "totalAmount": round(cents * parts / 100, 2),
        "purchaseDate": at_day(day, 3),
        "payeeMCC": template.mcc or None,
        "cardNumber": book.account["number"],
        "billId": None,
        "billForecastDate": due_of(day).strftime("%Y-%m"),
        "paymentType": "INSTALLMENT" if parts > 1 else "SINGLE",
        "billPostDate": day.isoformat(),
        "transactionDateTime": f"{day.isoformat()}T{dice.randint(11, 23):02d}:{dice.randint(0, 59):02d}:00.000Z",
        "feeType": "ANNUAL_FEE" if template is spending.ANNUAL_FEE else None,
    }


def due_of(day: date) -> date:
    """When the bill is due into which a card's row of this day falls. A bill closes on the third."""
    months = day.year * 12 + day.month - 1 + (day.day > CLOSING_DAY)
    return date(months // 12, months % 12 + 1, DUE_DAY)


def abroad(book: Book, day: date, path: tuple[object, ...]) -> Doc:
    """A card purchase in dollars: `amount` in USD, `amountInAccountCurrency` in reais."""
    doc = make(book, spending.ABROAD, day, path)
    return {**doc, "currencyCode": "USD", "amountInAccountCurrency": round(doc["amount"] * DOLLAR, 2)}


def history(book: Book, today: date) -> list[Doc]:
    """An account's own history: about 37 rows for checking, 16 for a card, 4 for savings. `gen_cards` adds the rest."""
    if book.card:
        return _card_history(book, today)
    if book.account["subtype"] == "SAVINGS_ACCOUNT":
        return [make(book, spending.SAVINGS, today - timedelta(30 * n + 5), ("savings", n)) for n in range(4)]
    return _checking_history(book, today)


def _checking_history(book: Book, today: date) -> list[Doc]:
    docs = []
    for number in range(30):
        dice = book.dice("pick", number)
        template = spending.BANK[(number + dice.randint(0, 3)) % len(spending.BANK)]
        docs.append(make(book, template, today - timedelta(3 * number + dice.randint(0, 2)), ("bank", number)))
    for month in range(3):
        docs.append(make(book, spending.SALARY, today - timedelta(30 * month + 4), ("salary", month)))
        docs.append(make(book, spending.RENT, today - timedelta(30 * month + 2), ("rent", month)))
    docs.append(make(book, spending.SCHEDULED, today + timedelta(12), ("scheduled",), "PENDING"))
    return docs


def _card_history(book: Book, today: date) -> list[Doc]:
    docs = []
    for number in range(13):
        template = spending.CARD[number % len(spending.CARD)]
        day = today - timedelta(4 * number + book.dice("day", number).randint(0, 3))
        docs.append(make(book, template, day, ("card", number), "PENDING" if number < 2 else "POSTED"))
    docs.append(abroad(book, today - timedelta(9), ("abroad", 0)))
    docs.append(make(book, spending.REFUND, today - timedelta(15), ("refund",)))
    docs.append(make(book, spending.ANNUAL_FEE, today - timedelta(20), ("fee",)))
    return docs
