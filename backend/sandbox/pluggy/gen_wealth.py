"""Investments with their movements, and a loan."""

from datetime import date, timedelta
from random import Random
from typing import Any

from .clock import at_day
from .people import Person, cnpj, dotted_cnpj
from .seeded import rng, uid
from .wire import Doc

POSITIONS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("FIXED_INCOME", "CDB", "CDB Banco Horizonte", {"rate": 102.0, "rateType": "CDI"}),
    ("FIXED_INCOME", "TREASURY", "Tesouro IPCA+ 2035", {"rate": 6.1, "rateType": "IPCA", "code": "NTNB35"}),
    ("FIXED_INCOME", "LCI", "LCI Horizonte 360 dias", {"rate": 93.0, "rateType": "CDI", "taxExempt": True}),
    ("MUTUAL_FUND", "MULTIMARKET_FUND", "Horizonte Multiestratégia FIC FIM", {"annualRate": 11.8}),
    ("EQUITY", "STOCK", "Companhia Mineradora do Vale", {"code": "CMVL3", "isin": "BRCMVLACNOR1"}),
    ("EQUITY", "REAL_ESTATE_FUND", "Galpões Logísticos FII", {"code": "GLOG11", "isin": "BRGLOGCTF002"}),
    ("ETF", "ETF", "Índice Amplo Brasil ETF", {"code": "IABR11", "isin": "BRIABRCTF009"}),
    ("SECURITY", "RETIREMENT", "Horizonte Previdência PGBL", {"annualRate": 9.4}),
)
EMPTY = (
    "number", "lastMonthRate", "lastTwelveMonthsRate", "annualRate", "code", "isin", "amountWithdrawal", "metadata",
    "rate", "rateType", "fixedAnnualRate", "gracePeriodDate", "ratePeriodicity", "indexerAdditionalInfo",
    "priceFactor", "debtor", "couponPayment", "taxExempt",
)  # fmt: skip


def investments(item_id: str, owner: Person, seed: str, today: date, stamp: str) -> list[Doc]:
    """Eight positions of different kinds."""
    return [_position(item_id, owner, seed, today, stamp, number) for number in range(len(POSITIONS))]


def _position(item_id: str, owner: Person, seed: str, today: date, stamp: str, number: int) -> Doc:
    kind, subtype, name, more = POSITIONS[number]
    dice = rng(seed, owner.cpf, "investment", number)
    quantity, value = dice.randint(10, 900), dice.randint(1000, 90_000) / 100
    gross = round(quantity * value, 2)
    original = round(gross * dice.randint(80, 99) / 100, 2)
    taxes = 0.0 if more.get("taxExempt") else round((gross - original) * 0.15, 2)
    bought = today - timedelta(dice.randint(120, 900))
    return {
        **dict.fromkeys(EMPTY),
        "id": uid(item_id, "investment", number), "itemId": item_id, "type": kind, "subtype": subtype, "name": name,
        "balance": round(gross - taxes, 2), "currencyCode": "BRL", "value": value, "quantity": quantity,
        "amount": gross, "taxes": taxes, "taxes2": 0, "date": at_day(today), "owner": owner.name,
        "amountProfit": round(gross - original, 2), "amountOriginal": original,
        "dueDate": at_day(today + timedelta(700)) if kind == "FIXED_INCOME" else None,
        "issuer": "Banco Horizonte S.A.", "issuerCNPJ": dotted_cnpj(cnpj(rng("issuer"))),
        "issueDate": at_day(bought), "purchaseDate": at_day(bought), "status": "ACTIVE",
        "createdAt": stamp, "updatedAt": stamp, "institution": {"name": "Banco Horizonte", "number": "341"},
        "transactions": None, **more,
    }  # fmt: skip


def movements(position: Doc, seed: str, today: date) -> list[Doc]:
    """The transactions of a position, newest first: a purchase, some interest, a tax, a partial sale."""
    dice = rng(seed, position["name"], position["owner"], "movements")
    kinds = [("BUY", 400), ("BUY", 200), ("INTEREST", 90), ("TAX", 60), ("SELL", 20)]
    docs = [_movement(position, dice, kind, today - timedelta(days), n) for n, (kind, days) in enumerate(kinds)]
    return docs[::-1]


def _movement(position: Doc, dice: Random, kind: str, day: date, number: int) -> Doc:
    quantity = dice.randint(1, 40) if kind in ("BUY", "SELL") else None
    amount = round((quantity or 1) * position["value"], 2)
    tax = round(amount * 0.01, 2) if kind == "SELL" else 0
    return {
        "id": uid(position["id"], "movement", number), "investmentId": position["id"], "type": kind,
        "movementType": "CREDIT" if kind in ("BUY", "INTEREST") else "DEBIT", "quantity": quantity,
        "value": position["value"], "amount": amount, "netAmount": round(amount - tax, 2), "agreedRate": None,
        "indexerPercentage": None, "priceFactor": None, "date": at_day(day), "tradeDate": at_day(day),
        "description": {"BUY": "Aplicação", "SELL": "Resgate", "TAX": "Imposto", "INTEREST": "Rendimento"}[kind],
        "brokerageNumber": None, "expenses": {"incomeTax": tax, "brokerageFee": 0, "iof": 0} if tax else None,
    }  # fmt: skip


def loan(item_id: str, owner: Person, seed: str, today: date, stamp: str) -> Doc:
    """A personal loan, a third of it paid back."""
    dice = rng(seed, owner.cpf, "loan")
    amount, parts = dice.randint(80, 600) * 100.0, 36
    start = today - timedelta(365)
    return {
        "id": uid(item_id, "loan", 0), "itemId": item_id, "contractNumber": f"{dice.randint(10**11, 10**12 - 1)}",
        "ipocCode": f"{dice.randint(10**15, 10**16 - 1)}", "productName": "Crédito Pessoal",
        "type": "CREDITO_PESSOAL_SEM_CONSIGNACAO", "kind": "LOAN", "date": at_day(today),
        "contractDate": at_day(start), "disbursementDates": [start.isoformat()], "settlementDate": None,
        "contractAmount": amount, "currencyCode": "BRL", "dueDate": at_day(start + timedelta(30 * parts)),
        "installmentPeriodicity": "MONTHLY", "installmentPeriodicityAdditionalInfo": None,
        "firstInstallmentDueDate": at_day(start + timedelta(30)), "CET": 0.29, "amortizationScheduled": "PRICE",
        "amortizationScheduledAdditionalInfo": None, "cnpjConsignee": None,
        "interestRates": [_rate()], "contractedFees": [_fee()],
        "contractedFinanceCharges": [{"type": "MULTA_ATRASO_PAGAMENTO", "additionalInfo": None, "rate": 0.02}],
        "warranties": [{"currencyCode": "BRL", "type": "SEM_GARANTIA", "subtype": None, "amount": 0}],
        "installments": _installments(parts), "payments": _payments(item_id, amount, parts, start),
        "createdAt": stamp, "updatedAt": stamp,
    }  # fmt: skip


def _rate() -> Doc:
    return {
        "taxType": "EFFECTIVE", "interestRateType": "COMPOUND", "taxPeriodicity": "YEARLY", "calculation": "21/252",
        "referentialRateIndexerType": "PRE_FIXADO", "referentialRateIndexerSubType": None,
        "referentialRateIndexerAdditionalInfo": None, "preFixedRate": 0.26, "postFixedRate": 0, "additionalInfo": None,
    }  # fmt: skip


def _fee() -> Doc:
    return {
        "name": "Cadastro",
        "code": "CAD",
        "chargeType": "UNIQUE",
        "charge": "FIXED",
        "amount": 120.5,
        "rate": None,
    }


def _installments(parts: int) -> Doc:
    return {
        "typeNumberOfInstallments": "MONTH", "totalNumberOfInstallments": parts, "typeContractRemaining": "MONTH",
        "contractRemainingNumber": parts - 12, "paidInstallments": 12, "dueInstallments": parts - 12,
        "pastDueInstallments": 0, "balloonPayments": [],
    }  # fmt: skip


def _payments(item_id: str, amount: float, parts: int, start: date) -> Doc:
    each = round(amount / parts, 2)
    releases = [
        {
            "isOverParcelPayment": False, "installmentId": uid(item_id, "installment", n), "currencyCode": "BRL",
            "paidDate": at_day(start + timedelta(30 * (n + 1))), "paidAmount": each, "overParcel": None,
        }
        for n in range(12)
    ]  # fmt: skip
    return {"contractOutstandingBalance": round(amount - each * 12, 2), "releases": releases}
