"""What links a card's rows: their bills, instalments, the bills' payments; and transfers between own accounts.

A bill closes on the third and is due on the tenth. Its total is the sum of its lines and its finance charges, and its
payment is on both accounts, as at a real bank.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from . import gen_transactions, spending
from .clock import moment_of
from .gen_transactions import Book
from .seeded import rng
from .spending import Template
from .wire import Doc

# How long ago the purchases were made, in days, and in how many instalments.
BOUGHT, PARTS = 100, 10
SAID_BOUGHT, SAID_PARTS = 40, 4
OWN_TRANSFERS = (12, 43)


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def instalments(book: Book, today: date) -> Iterator[Doc]:
    """A purchase whose instalments the bank posts month by month, and one whose text alone says which they are."""
    for number, day in enumerate(_months(today - timedelta(BOUGHT), PARTS, today), 1):
        yield _instalment(book, spending.IN_TEN, number, day, today - timedelta(BOUGHT))
    for number, day in enumerate(_months(today - timedelta(SAID_BOUGHT), SAID_PARTS, today), 1):
        doc = _instalment(book, spending.SAID, number, day, today - timedelta(SAID_BOUGHT))
        names = ("installmentNumber", "totalInstallments", "totalAmount", "purchaseDate", "paymentType")
        doc["creditCardMetadata"] |= dict.fromkeys(names)
        yield doc | {"description": f"{doc['description']} PARC {number:02d}/{SAID_PARTS:02d}"}


def _months(bought: date, parts: int, today: date) -> list[date]:
    days = [months_after(bought, n) for n in range(parts)]
    return [day for day in days if day <= today]


def _instalment(book: Book, template: Template, number: int, day: date, bought: date) -> Doc:
    first = gen_transactions.make(book, template, bought, ("instalment", template.text))
    doc = gen_transactions.make(book, template, day, ("instalment", template.text, number))
    meta = {
        **first["creditCardMetadata"],
        "installmentNumber": number,
        "totalInstallments": PARTS,
        "paymentType": "INSTALLMENT",
        "billPostDate": day.isoformat(),
        "billForecastDate": doc["creditCardMetadata"]["billForecastDate"],
    }
    return {**doc, "amount": first["amount"], "creditCardMetadata": meta}


def owed(doc: Doc) -> float:
    """What a card's row adds to its bill: nothing, if it pays one."""
    if doc["operationType"] == "PAGAMENTO_FATURA":
        return 0.0
    amount: float = abs(doc["amountInAccountCurrency"] or doc["amount"])
    return -amount if doc["type"] == "CREDIT" else amount


def bill_of(doc: Doc, bills: list[Doc]) -> Doc | None:
    """The closed bill into which a posted row falls."""
    month = doc["creditCardMetadata"]["billForecastDate"]
    return next((bill for bill in bills if bill["dueDate"][:7] == month and doc["status"] == "POSTED"), None)


def add_up(bill: Doc, lines: list[Doc]) -> None:
    """Give the bill the total of its lines and its charges. A paid bill was paid in full."""
    total = sum(owed(doc) for doc in lines)
    for charge in bill["financeCharges"]:
        charge["amount"] = round(max(total, 0) * 0.02, 2)
        total += charge["amount"]
    bill["totalAmount"] = round(total, 2)
    bill["minimumPaymentAmount"] = round(max(total, 0) * 0.15, 2)
    for payment in bill["payments"]:
        payment["amount"] = bill["totalAmount"]


def payments(card: Book, bank: Book | None, bill: Doc) -> list[tuple[Book, Doc]]:
    """The rows of a bill's payments: one on the card, and one on the bank account if the item has one."""
    rows, sides = [], [(card, spending.BILL_PAYMENT), *([(bank, spending.BILL_PAID)] if bank else [])]
    for payment in bill["payments"]:
        day = moment_of(payment["paymentDate"]).date()
        for book, template in sides:
            doc = gen_transactions.make(book, template, day, ("payment", bill["dueDate"]))
            sign = 1 if doc["amount"] > 0 else -1
            rows.append((book, {**doc, "amount": sign * payment["amount"]}))
    return rows


def own_transfers(source: Book, target: Book, today: date) -> list[tuple[Book, Doc]]:
    """Money that a person moves from one account to another: the same person on both sides."""
    rows = []
    for days in OWN_TRANSFERS:
        cents = rng(source.seed, source.user, "own", days).randint(10_000, 90_000)
        for book, template in ((source, spending.OWN_OUT), (target, spending.OWN_IN)):
            doc = gen_transactions.make(book, template, today - timedelta(days), ("own", days))
            parties = {
                "payer": gen_transactions.party(source.owner, source.account["number"]),
                "receiver": gen_transactions.party(target.owner, target.account["number"]),
            }
            payment = {**doc["paymentData"], **parties}
            amount = cents / 100 if template.sign > 0 else -cents / 100
            rows.append((book, {**doc, "amount": amount, "paymentData": payment}))
    return rows
