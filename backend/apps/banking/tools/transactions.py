"""Tools that list and search transactions."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils import timezone
from pydantic import Field

from apps.agents.caller import Caller
from apps.agents.contract import Answer, tool
from apps.agents.failures import Refusal
from apps.agents.text import masked
from apps.api.scopes import Scope
from apps.banking.categories import Categories
from apps.banking.models import Account, Transaction
from apps.banking.pages import filters
from apps.banking.pages.accounts import MOST, listed
from apps.banking.pages.rows import TransactionRow, row_of
from apps.banking.pages.transactions import SEALED
from apps.banking.tools.arguments import InPeriod, Paged, Reference
from apps.banking.tools.health import health_of
from apps.banking.tools.shapes import amounts, compact, cut_after, day, page_of
from lib.keyset import Keyset

NEWEST_FIRST = Keyset(("-date", "-id"))
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)]


class OfTransactions(InPeriod, Paged):
    """The filters of transactions. All of them must fit."""

    account_id: Annotated[Reference | None, Field(description="Only of this account or card.")] = None
    connection_id: Annotated[Reference | None, Field(description="Only of this connection.")] = None
    category_id: Annotated[
        str | None, Field(max_length=100, description="A category of `list_categories`, with all below it.")
    ] = None
    direction: Annotated[Literal["in", "out"] | None, Field(description="Money in, or money out.")] = None
    status: Annotated[
        Literal["booked", "pending", "all"], Field(description="`pending`: pending or scheduled, not booked yet.")
    ] = "booked"
    amount_min: Annotated[Amount | None, Field(description="The least amount, without its sign.")] = None
    amount_max: Annotated[Amount | None, Field(description="The greatest amount, without its sign.")] = None
    include_hidden: Annotated[bool, Field(description="With those that the person has hidden.")] = False


class Search(OfTransactions):
    """The same, by words."""

    query: Annotated[
        str, Field(min_length=1, max_length=200, description="Beginnings of words, without case and accents.")
    ]


@tool(title="Transactions")
def list_transactions(caller: Caller, asked: OfTransactions) -> Answer:
    """Transactions of accounts and cards, newest first. Amounts are negative where money went out.

    `kind` says what a row is: expense, income, transfer, own_transfer, bill_payment, refund, fee, investment or credit.
    Own transfers and payments of bills are neither spending nor income. For sums use `get_spending_summary` or
    `get_monthly_cashflow` instead of adding rows up.
    """
    return _answer(caller, asked, "")


@tool(title="Search transactions")
def search_transactions(caller: Caller, asked: Search) -> Answer:
    """Transactions whose description, merchant or note has all the words of `query`, newest first.

    New rows are found after about 15 seconds.
    """
    return _answer(caller, asked, asked.query)


def _answer(caller: Caller, asked: OfTransactions, text: str) -> Answer:
    categories = Categories.read()
    page = page_of(NEWEST_FIRST, _chosen(caller, asked, text, categories), asked)
    accounts = {account.pk: account for account in listed(caller.rows(Account))[:MOST]}
    health = health_of(caller, _connections(asked, accounts))
    rows = [_transaction(caller, row_of(row, categories, accounts)) for row in page.rows]
    cut = cut_after(len(rows), page.next)
    return Answer({"transactions": rows}, rows=len(rows), cut=cut, next_cursor=page.next, **health.words)


def _chosen(caller: Caller, asked: OfTransactions, text: str, categories: Categories) -> Any:
    """The page's own filter applies what the agent asked for."""
    if asked.category_id and asked.category_id not in categories.by_id:
        advice = "List the categories, and use an id of that list."
        raise Refusal("NOT_FOUND", "There is no such category.", advice, {"category_id": asked.category_id})
    since, until = asked.days()
    place = str(asked.account_id or "") or (f"c{asked.connection_id}" if asked.connection_id else "")
    chosen = {
        "account": place,
        "category": asked.category_id,
        "direction": asked.direction,
        "since": since,
        "until": until,
        "least": asked.amount_min,
        "most": asked.amount_max,
        "hidden": filters.ALL if asked.include_hidden else "",
        "q": text,
    }
    rows = filters.Narrowing(caller.client.pk, categories, chosen).apply(caller.rows(Transaction).defer(*SEALED))
    if asked.account_id and asked.connection_id:
        rows = rows.filter(account__connection_id=asked.connection_id)
    if asked.status == "all":
        return rows
    booked = asked.status == "booked"
    return rows.filter((filters.booked if booked else filters.upcoming)(timezone.localdate()))


def _connections(asked: OfTransactions, accounts: dict[int, Account]) -> list[int] | None:
    """Whose health matters for the answer; None: all."""
    if asked.connection_id:
        return [asked.connection_id]
    account = accounts.get(asked.account_id or 0)
    return [account.connection_id] if account else None


def _transaction(caller: Caller, row: TransactionRow) -> dict[str, Any]:
    of = row.transaction
    # Banks write tax numbers and addresses of the other side into the description.
    said = (lambda text: text) if caller.may(Scope.IDENTITY) else masked
    return compact(
        id=of.pk,
        date=day(of.date),
        description=said(of.description),
        merchant=said(of.merchant_name),
        **amounts(of.currency_code, amount=of.amount),
        currency_code=of.currency_code,
        kind=str(of.user_kind or of.kind),
        category=row.category,
        account_id=of.account_id,
        account=row.account,
        payment_method=of.payment_method,
        installment=row.installment,
        is_pending=row.is_pending or None,
        is_hidden=of.hidden or None,
        note=said(of.note),
    )
