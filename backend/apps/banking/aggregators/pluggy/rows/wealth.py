"""Map Pluggy's investments and loans to plain rows."""

from apps.banking.aggregators.contract import Row
from apps.banking.aggregators.pluggy.client.pages import Doc
from apps.banking.aggregators.pluggy.rows.base import ALWAYS, base, unmapped
from apps.banking.aggregators.pluggy.rows.values import (
    currency,
    day,
    flag,
    line,
    money,
    part,
    quantity,
    rate,
    whole,
    word,
)

_INVESTMENT = frozenset(
    ALWAYS
    | {"itemId", "type", "subtype", "status", "name", "code", "isin", "issuer", "number", "owner", "currencyCode"}
    | {"balance", "amount", "amountProfit", "amountWithdrawal", "amountOriginal", "taxes", "taxes2", "value"}
    | {"quantity", "date", "dueDate", "issueDate", "purchaseDate", "gracePeriodDate", "rate", "rateType"}
    | {"fixedAnnualRate", "annualRate", "lastMonthRate", "lastTwelveMonthsRate", "taxExempt"}
    # InvestmentTransactions are separate rows from a separate endpoint.
    | {"transactions"}
)


def investment(doc: Doc) -> Row:
    """An Investment. Raises RefusedRow."""
    extra = unmapped(doc, _INVESTMENT)
    return {
        **base(doc, extra),
        "type": word(doc, "type", extra),
        "subtype": word(doc, "subtype", extra),
        "status": word(doc, "status", extra),
        "name": line(doc, "name", extra),
        "code": line(doc, "code", extra),
        "isin": word(doc, "isin", extra),
        "issuer": line(doc, "issuer", extra),
        "number": line(doc, "number", extra),
        "owner": line(doc, "owner", extra),
        "currency_code": currency(doc, "currencyCode", extra),
        "value": quantity(doc, "value", extra),
        "quantity": quantity(doc, "quantity", extra),
        "rate_type": word(doc, "rateType", extra),
        "tax_exempt": flag(doc, "taxExempt", extra),
        **_amounts(doc, extra),
        **_days(doc, extra),
        **_rates(doc, extra),
    }


def _amounts(doc: Doc, extra: Doc) -> Row:
    return {
        "balance": money(doc, "balance", extra),
        "amount": money(doc, "amount", extra),
        "amount_profit": money(doc, "amountProfit", extra),
        "amount_withdrawal": money(doc, "amountWithdrawal", extra),
        "amount_original": money(doc, "amountOriginal", extra),
        "taxes": money(doc, "taxes", extra),
        "taxes2": money(doc, "taxes2", extra),
    }


def _days(doc: Doc, extra: Doc) -> Row:
    return {
        "date": day(doc, "date", extra),
        "due_date": day(doc, "dueDate", extra),
        "issue_date": day(doc, "issueDate", extra),
        "purchase_date": day(doc, "purchaseDate", extra),
        "grace_period_date": day(doc, "gracePeriodDate", extra),
    }


def _rates(doc: Doc, extra: Doc) -> Row:
    return {
        "rate": rate(doc, "rate", extra),
        "fixed_annual_rate": rate(doc, "fixedAnnualRate", extra),
        "annual_rate": rate(doc, "annualRate", extra),
        "last_month_rate": rate(doc, "lastMonthRate", extra),
        "last_twelve_months_rate": rate(doc, "lastTwelveMonthsRate", extra),
    }


_INVESTMENT_TRANSACTION = frozenset(
    ALWAYS
    | {"investmentId", "type", "movementType", "description", "date", "tradeDate", "quantity", "value", "amount"}
    | {"netAmount", "agreedRate"}
)


def investment_transaction(doc: Doc) -> Row:
    """An InvestmentTransaction. Raises RefusedRow."""
    extra = unmapped(doc, _INVESTMENT_TRANSACTION)
    return {
        **base(doc, extra),
        "type": word(doc, "type", extra),
        "movement_type": word(doc, "movementType", extra),
        "description": line(doc, "description", extra),
        "date": day(doc, "date", extra),
        "trade_date": day(doc, "tradeDate", extra),
        "quantity": quantity(doc, "quantity", extra),
        "value": quantity(doc, "value", extra),
        "amount": money(doc, "amount", extra),
        "net_amount": money(doc, "netAmount", extra),
        "agreed_rate": rate(doc, "agreedRate", extra),
    }


_LOAN = frozenset(
    ALWAYS
    | {"itemId", "contractNumber", "productName", "type", "kind", "date", "contractDate", "settlementDate"}
    | {"dueDate", "firstInstallmentDueDate", "contractAmount", "currencyCode", "CET", "installmentPeriodicity"}
    | {"amortizationScheduled"}
)


def loan(doc: Doc) -> Row:
    """A Loan. `extra` also has the whole `installments` and `payments`. Raises RefusedRow."""
    extra = unmapped(doc, _LOAN)
    installments = part(doc, "installments")
    unused: Doc = {}
    return {
        **base(doc, extra),
        "contract_number": line(doc, "contractNumber", extra),
        "product_name": line(doc, "productName", extra),
        "type": line(doc, "type", extra),
        "kind": word(doc, "kind", extra),
        "date": day(doc, "date", extra),
        "contract_date": day(doc, "contractDate", extra),
        "settlement_date": day(doc, "settlementDate", extra),
        "due_date": day(doc, "dueDate", extra),
        "first_installment_due_date": day(doc, "firstInstallmentDueDate", extra),
        "contract_amount": money(doc, "contractAmount", extra),
        "contract_outstanding_balance": money(part(doc, "payments"), "contractOutstandingBalance", unused),
        "currency_code": currency(doc, "currencyCode", extra),
        "cet": rate(doc, "CET", extra),
        "installment_periodicity": word(doc, "installmentPeriodicity", extra),
        "amortization_scheduled": word(doc, "amortizationScheduled", extra),
        "total_number_of_installments": whole(installments, "totalNumberOfInstallments", unused),
        "paid_installments": whole(installments, "paidInstallments", unused),
        "due_installments": whole(installments, "dueInstallments", unused),
        "past_due_installments": whole(installments, "pastDueInstallments", unused),
    }
