"""Account documents: checking, savings and card, and the statements and bills that go with them."""

from datetime import date, timedelta

from .clock import at_day
from .gen_transactions import CLOSING_DAY, DUE_DAY, due_of
from .people import Person
from .seeded import rng, uid
from .wire import Doc

LEVELS = ("GOLD", "PLATINUM", "BLACK")


def _base(item_id: str, owner: Person, stamp: str, key: str) -> Doc:
    return {
        "id": uid(item_id, "account", key),
        "itemId": item_id,
        "taxNumber": owner.tax_number,
        "owner": owner.name,
        "currencyCode": "BRL",
        "bankData": None,
        "creditData": None,
        "createdAt": stamp,
        "updatedAt": stamp,
    }


def checking(item_id: str, owner: Person, stamp: str, key: str = "checking") -> Doc:
    """A current account."""
    dice = rng(owner.cpf, key)
    number = f"{dice.randint(10000, 99999)}-{dice.randint(0, 9)}"
    balance = dice.randint(50_000, 2_500_000) / 100
    return {
        **_base(item_id, owner, stamp, key),
        "type": "BANK",
        "subtype": "CHECKING_ACCOUNT",
        "name": "Conta Corrente",
        "marketingName": "Conta Essencial",
        "number": f"0001/{number}",
        "balance": balance,
        "bankData": _bank_data(number, balance, dice.randint(1, 40) * 10_000 / 100),
    }


def _bank_data(number: str, balance: float, limit: float) -> Doc:
    return {
        "transferNumber": f"341/0001/{number}",
        "closingBalance": balance,
        "automaticallyInvestedBalance": round(balance * 0.1, 2),
        "overdraftContractedLimit": limit,
        "overdraftUsedLimit": 0,
        "unarrangedOverdraftAmount": 0,
        "hasReservedBalance": False,
        "reservedBalances": [],
    }


def savings(item_id: str, owner: Person, stamp: str) -> Doc:
    """A savings account."""
    dice = rng(owner.cpf, "savings")
    number = f"{dice.randint(100000, 999999)}-{dice.randint(0, 9)}"
    balance = dice.randint(100_000, 9_000_000) / 100
    return {
        **_base(item_id, owner, stamp, "savings"),
        "type": "BANK",
        "subtype": "SAVINGS_ACCOUNT",
        "name": "Conta Poupança",
        "marketingName": None,
        "number": f"0001/{number}",
        "balance": balance,
        "bankData": _bank_data(number, balance, 0.0),
    }


def card(item_id: str, owner: Person, stamp: str, today: date) -> Doc:
    """A credit card account; the number is its last four digits."""
    dice = rng(owner.cpf, "card")
    limit = dice.randint(30, 250) * 100.0
    used = round(limit * dice.randint(5, 60) / 100, 2)
    return {
        **_base(item_id, owner, stamp, "card"),
        "type": "CREDIT",
        "subtype": "CREDIT_CARD",
        "name": "Cartão de Crédito",
        "marketingName": "Cartão Horizonte",
        "number": f"{dice.randint(1000, 9999)}",
        "balance": used,
        "creditData": _credit_data(dice.choice(LEVELS), limit, used, today),
    }


def _credit_data(level: str, limit: float, used: float, today: date) -> Doc:
    due = due_of(today)
    return {
        "level": level,
        "brand": "MASTERCARD",
        "brandAdditionalInfo": None,
        "balanceCloseDate": due.replace(day=CLOSING_DAY).isoformat(),
        "balanceDueDate": due.isoformat(),
        "availableCreditLimit": round(limit - used, 2),
        "balanceForeignCurrency": 0,
        "minimumPayment": round(used * 0.15, 2),
        "creditLimit": limit,
        "isLimitFlexible": False,
        "status": "ACTIVE",
        "holderType": "MAIN",
        "disaggregatedCreditLimits": [_limit(limit, used)],
        "additionalCards": [{"number": "4411"}],
    }


def _limit(limit: float, used: float) -> Doc:
    return {
        "creditLineLimitType": "LIMITE_CREDITO_TOTAL",
        "consolidationType": "CONSOLIDADO",
        "identificationNumber": "4453",
        "isLimitFlexible": False,
        "usedAmount": used,
        "usedAmountCurrencyCode": "BRL",
        "lineName": "CREDITO_A_VISTA",
        "limitAmount": limit,
        "limitAmountCurrencyCode": "BRL",
        "availableAmount": round(limit - used, 2),
        "availableAmountCurrencyCode": "BRL",
    }


def bill(account: Doc, due: date, number: object, stamp: str, paid: bool) -> Doc:
    """A closed card bill; a paid one has its payment, an unpaid one a charge. `gen_cards.add_up` gives it its total."""
    bill_id = uid(account["id"], "bill", number)
    total = rng(bill_id, account["owner"]).randint(60_000, 420_000) / 100
    payment = {
        "id": uid(bill_id, "payment"), "valueType": "FULL_PAYMENT", "paymentDate": at_day(due - timedelta(2), 3),
        "paymentMode": "PIX", "amount": total, "currencyCode": "BRL",
    }  # fmt: skip
    charge = {
        "id": uid(bill_id, "charge"), "type": "IOF", "amount": round(total * 0.02, 2),
        "currencyCode": "BRL", "additionalInfo": None, "creditCardBillId": bill_id,
    }  # fmt: skip
    return {
        "id": bill_id, "accountId": account["id"], "dueDate": at_day(due, 3),
        "billClosingDate": at_day(due - timedelta(7), 3), "totalAmount": total, "totalAmountCurrencyCode": "BRL",
        "minimumPaymentAmount": round(total * 0.15, 2), "allowsInstallments": True,
        "financeCharges": [] if paid else [charge], "payments": [payment] if paid else [],
        "createdAt": stamp, "updatedAt": stamp,
    }  # fmt: skip


def bills(account: Doc, today: date, stamp: str) -> list[Doc]:
    """The last three closed bills, newest first; the newest is still to be paid."""
    dues = [(due_of(today) - timedelta(days)).replace(day=DUE_DAY) for days in (30, 60, 91)]
    return [bill(account, due, due.strftime("%Y-%m"), stamp, number > 0) for number, due in enumerate(dues)]


def statements(account: Doc, today: date, base_url: str) -> list[Doc]:
    """The last two monthly statements; at Pluggy the links end after 30 minutes."""
    months = [(today.replace(day=1) - timedelta(days)).strftime("%m-%Y") for days in (1, 32)]
    return [
        {
            "id": uid(account["id"], "statement", m),
            "monthYear": m,
            "url": f"{base_url}/_files/statement-{m}.pdf",
        }
        for m in months
    ]
