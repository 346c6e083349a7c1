"""Tools about accounts and cards, and what is on them."""

from collections.abc import Iterable
from typing import Annotated, Any

from django.db.models import Sum
from pydantic import Field

from apps.agents.caller import Caller
from apps.agents.contract import Answer, Arguments, tool
from apps.api import trail
from apps.api.scopes import Scope
from apps.banking.api.accounts import AccountSerializer
from apps.banking.models import Account, Investment, Loan
from apps.banking.pages import account_rows
from apps.banking.pages.accounts import MOST, listed
from apps.banking.tools.arguments import OfConnection, Reference
from apps.banking.tools.health import Health, health_of
from apps.banking.tools.shapes import amounts, compact, cut_after, page_of, rows_of, sums
from lib.keyset import Keyset


class OfAccounts(Arguments):
    """Some accounts."""

    account_ids: Annotated[
        list[Reference] | None, Field(max_length=100, description="Only these accounts; without it all of them.")
    ] = None


@tool(title="Accounts and cards")
def list_accounts(caller: Caller, asked: OfConnection) -> Answer:
    """Bank accounts and cards with their balances. The balance of a card is what is owed.

    Of a number only the end is shown, unless the access has the scope `identity`.
    """
    rows = caller.rows(Account).live().select_related("connection__connector").defer("extra_sealed")
    if asked.connection_id:
        rows = rows.filter(connection_id=asked.connection_id)
    page = page_of(Keyset(("-id",)), rows, asked)
    health = health_of(caller, [asked.connection_id] if asked.connection_id else None)
    shown = [
        {**row, "bank": health.names.get(account.connection_id, ""), **_personal(caller, account)}
        for account, row in zip(page.rows, rows_of(AccountSerializer, page.rows), strict=True)
    ]
    _note_reveal(caller, page.rows)
    cut = cut_after(len(shown), page.next)
    return Answer({"accounts": shown}, rows=len(shown), cut=cut, next_cursor=page.next, **health.words)


@tool(title="Balances")
def get_balances(caller: Caller, asked: OfAccounts) -> Answer:
    """What is on each account now, and the sums by currency: accounts, cards (below zero), investments and loans.

    Sums of several currencies are never added.
    """
    rows = listed(caller.rows(Account))
    chosen = rows.filter(pk__in=asked.account_ids) if asked.account_ids is not None else rows
    accounts = list(chosen[: MOST + 1])
    health = health_of(caller, {account.connection_id for account in accounts} if asked.account_ids else None)
    content: dict[str, Any] = {"balances": [_balance(account, health) for account in accounts[:MOST]]}
    content["totals"] = {
        "accounts": _worth(account for account in accounts if not account.is_card),
        "cards": _worth(account for account in accounts if account.is_card),
    }
    if asked.account_ids is None:
        content["totals"]["investments"] = _total(caller, Investment, "balance")
        content["totals"]["loans"] = _total(caller, Loan, "contract_outstanding_balance")
    return Answer(content, rows=len(accounts[:MOST]), cut=cut_after(MOST, len(accounts) > MOST), **health.words)


def _balance(account: Account, health: Health) -> dict[str, Any]:
    return {
        "account_id": account.pk,
        "account": account.title,
        "bank": health.names.get(account.connection_id, ""),
        "is_card": account.is_card,
        "currency_code": account.currency_code,
        **amounts(account.currency_code, balance=account.worth),
    }


def _worth(accounts: Iterable[Account]) -> list[dict[str, str]]:
    return sums(account_rows.sums((account.worth, account.currency_code) for account in accounts))


def _total(caller: Caller, model: Any, column: str) -> list[dict[str, str]]:
    totals = caller.rows(model).live().order_by().values("currency_code").annotate(total=Sum(column))
    sign = -1 if model is Loan else 1
    found = ((sign * each["total"], each["currency_code"]) for each in totals if each["total"] is not None)
    return sums(account_rows.sums(found))


def _personal(caller: Caller, account: Account) -> dict[str, str]:
    """What only the scope `identity` opens."""
    if not caller.may(Scope.IDENTITY):
        return {}
    return compact(
        number=account.number,
        transfer_number=account.transfer_number,
        owner=account.owner,
        tax_number=account.tax_number,
    )


def _note_reveal(caller: Caller, accounts: list[Account]) -> None:
    if accounts and caller.may(Scope.IDENTITY):
        trail.changed(caller.access, "account.reveal", accounts=[account.pk for account in accounts])
