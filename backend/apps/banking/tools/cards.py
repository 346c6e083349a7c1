"""Tools about cards: bills with their proof, what is owed in coming months, purchases in instalments."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Annotated, Any

from pydantic import Field

from apps.agents.caller import Caller
from apps.agents.contract import Answer, tool
from apps.agents.failures import Refusal
from apps.agents.text import masked
from apps.api.scopes import Scope
from apps.banking.api.card_bills import CardBillSerializer, MonthSerializer, ProvedBillSerializer
from apps.banking.cards.bills import bills_of, coming_months, find_bill
from apps.banking.models import Account
from apps.banking.pages.bill_rows import SeriesRow
from apps.banking.pages.bills import CARDS
from apps.banking.pages.purchases import purchases_of
from apps.banking.tools.arguments import Paged, Reference
from apps.banking.tools.health import health_of
from apps.banking.tools.shapes import amounts, bad_cursor, compact, cut_after, one, rows_of

MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"


class OfCard(Paged):
    """A list that may be of one card."""

    account_id: Annotated[Reference | None, Field(description="Only of this card; without it, of all cards.")] = None


class OfBills(OfCard):
    """Which bills."""

    month: Annotated[
        str | None, Field(pattern=MONTH, description="Only the bill that is due in this month, such as 2026-11.")
    ] = None


class OfInstalments(OfCard):
    """Which purchases."""

    include_ended: Annotated[bool, Field(description="With those of which nothing is left to pay.")] = False


@tool(title="Card bills")
def list_credit_card_bills(caller: Caller, asked: OfBills) -> Answer:
    """Bills of cards, the newest first: closed ones with the bank's total, the open one and those ahead as estimates.

    With `account_id` and `month` it also has the proof: the bank's total beside the sum of the lines, and what explains
    the difference. `coming_months` is what is owed in each month from now on, over the cards; nothing counts twice.
    """
    cards = _cards(caller, asked.account_id)
    if asked.month and asked.account_id:
        shown, next_cursor = [_proved(cards[0], asked.month)], ""
    else:
        bills = [bill for card in cards for bill in bills_of(card) if not asked.month or bill.key == asked.month]
        bills.sort(key=lambda bill: (bill.cycle.due, bill.account.pk), reverse=True)
        chosen, next_cursor = _part(bills, asked)
        shown = [_of(bill.account, rows_of(CardBillSerializer, [bill], bill.account.currency_code)) for bill in chosen]
    content = {"bills": shown, "coming_months": _coming(cards)}
    health = health_of(caller, {card.connection_id for card in cards} if asked.account_id else None)
    cut = cut_after(len(shown), next_cursor)
    return Answer(content, rows=len(shown), cut=cut, next_cursor=next_cursor, **health.words)


@tool(title="Instalments")
def list_instalments(caller: Caller, asked: OfInstalments) -> Answer:
    """Purchases by card in instalments: how far each is, what is left to pay, and until when."""
    cards = _cards(caller, asked.account_id)
    pairs = [(card, row) for card in cards for row in purchases_of(card) if asked.include_ended or row.left > 0]
    chosen, next_cursor = _part(pairs, asked)
    shown = [_purchase(caller, card, row) for card, row in chosen]
    health = health_of(caller, {card.connection_id for card in cards} if asked.account_id else None)
    cut = cut_after(len(shown), next_cursor)
    return Answer({"purchases": shown}, rows=len(shown), cut=cut, next_cursor=next_cursor, **health.words)


def _cards(caller: Caller, account_id: int | None) -> list[Account]:
    rows = caller.rows(Account).live().filter(type="CREDIT").select_related("connection__connector")
    if account_id:
        return [one(rows, account_id, "card")]
    return list(rows.order_by("currency_code", "pk")[:CARDS])


def _part(rows: Sequence[Any], asked: Paged) -> tuple[Sequence[Any], str]:
    """The rows of this answer, and the cursor of the next. They are computed, so a cursor is a place among them."""
    if asked.cursor and not re.fullmatch(r"[0-9]{1,6}", asked.cursor, re.ASCII):
        raise bad_cursor()
    first = int(asked.cursor or 0)
    last = first + asked.limit
    return rows[first:last], str(last) if len(rows) > last else ""


def _proved(card: Account, month: str) -> dict[str, Any]:
    found = find_bill(card, month)
    if found is None:
        raise Refusal("NOT_FOUND", "The card has no bill in this month.", "List the bills without a month.")
    return _of(card, rows_of(ProvedBillSerializer, [found[1]], card.currency_code))


def _of(card: Account, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"account_id": card.pk, "card": card.title, "currency_code": card.currency_code, **rows[0]}


def _coming(cards: Iterable[Account]) -> list[dict[str, Any]]:
    """By currency: amounts of several are not added."""
    return [
        {"currency_code": currency, "months": rows_of(MonthSerializer, coming_months(list(group)), currency)}
        for currency, group in groupby(cards, lambda card: card.currency_code)
    ]


def _purchase(caller: Caller, card: Account, row: SeriesRow) -> dict[str, Any]:
    return compact(
        account_id=card.pk,
        card=card.title,
        description=row.title if caller.may(Scope.IDENTITY) else masked(row.title),
        **amounts(card.currency_code, instalment=row.each, total=row.amount, left=row.left),
        currency_code=card.currency_code,
        paid_instalments=row.done,
        instalments=row.total,
        progress=row.progress,
        first_month=row.first,
        last_month=row.last,
        has_stopped=row.stopped or None,
    )
