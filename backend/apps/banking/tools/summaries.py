"""Tools that add transactions up: spending, cash flow, and charges that come again."""

from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Annotated, Any, Literal

from django.db.models import F, Sum, Value
from django.db.models.functions import Coalesce, NullIf, TruncMonth
from django.utils import timezone
from pydantic import Field

from apps.agents.caller import Caller
from apps.agents.contract import Answer, Arguments, tool
from apps.agents.text import masked
from apps.api.scopes import Scope
from apps.banking.cards.cycles import add_months
from apps.banking.cards.recurring import Charge, Recurring, recurring
from apps.banking.categories import Categories
from apps.banking.models import Account, Transaction
from apps.banking.pages.accounts import MOST as MOST_ACCOUNTS
from apps.banking.pages.accounts import listed
from apps.banking.pages.spending import CATEGORY, by_top, counted, totals_by
from apps.banking.tools.arguments import InPeriod, Reference
from apps.banking.tools.health import health_of
from apps.banking.tools.shapes import amounts, compact, cut_after, day

# So many groups of a summary, and so many recurring charges, are listed.
MOST = 50
# So many charges are looked at, the newest first.
MOST_CHARGES = 20_000
NAME = Coalesce(NullIf("merchant_name", Value("")), "description")


class OfSpending(InPeriod):
    """Which spending, and by what to group it."""

    group_by: Annotated[Literal["category", "merchant", "account"], Field(description="By what to add up.")] = (
        "category"
    )
    account_id: Annotated[Reference | None, Field(description="Only of this account or card.")] = None


class OfMonths(Arguments):
    """So many months."""

    months: Annotated[int, Field(ge=1, le=24, description="How many months, with the current one.")] = 6
    account_id: Annotated[Reference | None, Field(description="Only of this account or card.")] = None


class OfCharges(Arguments):
    """Which charges."""

    months: Annotated[int, Field(ge=3, le=24, description="How many months to look back.")] = 13
    include_ended: Annotated[bool, Field(description="With those that did not come when they were due.")] = False


@tool(title="Spending")
def get_spending_summary(caller: Caller, asked: OfSpending) -> Answer:
    """What was spent in a period (this month if none is given), by category, merchant or account, for each currency.

    Refunds reduce it. Own transfers, payments of card bills, investments and loans do not count, nor does what is
    pending. Categories are added up at the top of their tree.
    """
    first, last = asked.days("this_month")
    rows = counted(_of(caller, asked.account_id), first, last).spending()
    totals = totals_by(rows, {"category": CATEGORY, "merchant": NAME, "account": F("account_id")}[asked.group_by])
    groups = [_currency(caller, asked.group_by, currency, group) for currency, group in _by_currency(totals)]
    health = health_of(caller)
    content = {"period": compact(first=day(first), last=day(last)), "spending": groups}
    cut = cut_after(MOST, any("other" in group for group in groups))
    return Answer(content, rows=sum(len(group["groups"]) for group in groups), cut=cut, **health.words)


@tool(title="Cash flow by month")
def get_monthly_cashflow(caller: Caller, asked: OfMonths) -> Answer:
    """Income, spending and what is left, for each of the last months and each currency.

    Own transfers, payments of card bills, investments and loans do not count. The current month is not complete.
    """
    today = timezone.localdate()
    first = add_months(today.replace(day=1), 1 - asked.months)
    rows = counted(_of(caller, asked.account_id), first)
    came, went = _by_month(rows.income()), _by_month(rows.spending())
    months = [
        _month(month, currency, came.get((month, currency), Decimal()), went.get((month, currency), Decimal()))
        for month, currency in sorted(set(came) | set(went), reverse=True)
    ]
    return Answer({"months": months, "current_month": f"{today:%Y-%m}"}, rows=len(months), **health_of(caller).words)


@tool(title="Recurring charges")
def get_recurring_charges(caller: Caller, asked: OfCharges) -> Answer:
    """Charges that come every week, month or year, such as subscriptions and rent, with the next day they are due.

    Found by their words and days, so it is an estimate: say so. Instalments are in `list_instalments` instead.
    """
    today = timezone.localdate()
    rows = counted(_of(caller, None), add_months(today.replace(day=1), -asked.months)).spending()
    single = rows.exclude(total_installments__gt=1).filter(amount__lt=0).order_by("-date", "-id")
    values = single.values_list("pk", NAME, "date", "amount", "currency_code")[:MOST_CHARGES]
    found = recurring(Charge(pk, name, on, -amount, currency) for pk, name, on, amount, currency in values)
    chosen = [one for one in found if asked.include_ended or one.is_running(today)]
    shown = [_recurring(caller, one, today) for one in chosen[:MOST]]
    cut = cut_after(len(shown), len(chosen) > MOST)
    return Answer({"recurring": shown, "is_estimate": True}, rows=len(shown), cut=cut, **health_of(caller).words)


def _of(caller: Caller, account_id: int | None) -> Any:
    rows = caller.rows(Transaction)
    return rows.filter(account_id=account_id) if account_id else rows


def _by_currency(totals: list[dict[str, Any]]) -> Any:
    ordered = sorted(totals, key=lambda each: (each["currency_code"] != "BRL", each["currency_code"]))
    return [(currency, list(group)) for currency, group in groupby(ordered, lambda each: each["currency_code"])]


def _currency(caller: Caller, group_by: str, currency: str, totals: list[dict[str, Any]]) -> dict[str, Any]:
    """One currency: its total, and its groups, the largest first."""
    total = -sum((each["total"] for each in totals), Decimal())
    spent = [(each["key"], -each["total"]) for each in totals]
    categories = Categories.read()
    if group_by == "category":
        ordered = by_top(spent, categories)
    else:
        ordered = sorted(((amount, key) for key, amount in spent if amount > 0), key=lambda pair: -pair[0])
    names = _names(caller, group_by, categories)
    groups = [compact(id=key, name=names(key), **amounts(currency, total=amount)) for amount, key in ordered[:MOST]]
    rest = sum((amount for amount, _key in ordered[MOST:]), Decimal())
    other = {"other": amounts(currency, total=rest)} if rest else {}
    return {"currency_code": currency, **amounts(currency, total=total), "groups": groups, **other}


def _names(caller: Caller, group_by: str, categories: Categories) -> Any:
    """What to call a group, by its key."""
    if group_by == "merchant":
        return lambda key: key if caller.may(Scope.IDENTITY) else masked(key)
    if group_by == "account":
        titles = {account.pk: account.title for account in listed(caller.rows(Account))[:MOST_ACCOUNTS]}
        return titles.get
    return lambda key: categories.label(categories.by_id[key]) if key in categories.by_id else key


def _by_month(rows: Any) -> dict[tuple[date, str], Decimal]:
    totals = rows.order_by().values("currency_code", month=TruncMonth("date")).annotate(total=Sum("amount"))
    return {(each["month"], each["currency_code"]): each["total"] for each in totals}


def _month(month: date, currency: str, income: Decimal, spending: Decimal) -> dict[str, Any]:
    shown = amounts(currency, income=income, spending=-spending, left=income + spending)
    return {"month": f"{month:%Y-%m}", "currency_code": currency, **shown}


def _recurring(caller: Caller, one: Recurring, today: date) -> dict[str, Any]:
    name = one.last.name if caller.may(Scope.IDENTITY) else masked(one.last.name)
    return compact(
        name=name,
        every=str(one.every),
        **amounts(one.last.currency, usual_amount=one.amount, last_amount=one.last.amount),
        currency_code=one.last.currency,
        is_fixed=one.is_fixed,
        times=len(one.charges),
        last_on=day(one.last.day),
        next_on=day(one.next_day) if one.is_running(today) else None,
        is_running=one.is_running(today),
        last_transaction_id=one.last.id,
    )
