"""Tools about investments and loans."""

from typing import Annotated, Any

from pydantic import Field

from apps.agents.caller import Caller
from apps.agents.contract import Answer, tool
from apps.banking.api.investments import InvestmentSerializer, MovementSerializer
from apps.banking.api.loans import LoanSerializer
from apps.banking.models import Investment, InvestmentTransaction, Loan
from apps.banking.tools.arguments import InPeriod, OfConnection, Paged, Reference
from apps.banking.tools.health import health_of
from apps.banking.tools.shapes import cut_after, one, page_of, rows_of
from lib.keyset import Keyset


class OfMovements(InPeriod, Paged):
    """Which movements."""

    investment_id: Annotated[Reference | None, Field(description="Only of this position.")] = None


@tool(title="Investments")
def list_investments(caller: Caller, asked: OfConnection) -> Answer:
    """Positions: what they are, what they are worth, what was put in, the profit and the rate."""
    return _of_connection(caller, asked, Investment, InvestmentSerializer, "investments")


@tool(title="Loans")
def list_loans(caller: Caller, asked: OfConnection) -> Answer:
    """Loans and financings: what was lent, what is still owed, the instalments and the cost of a year (`cet`)."""
    return _of_connection(caller, asked, Loan, LoanSerializer, "loans")


@tool(title="Movements of investments")
def list_investment_transactions(caller: Caller, asked: OfMovements) -> Answer:
    """What moved in positions, the newest first: purchases, sales, dividends, taxes."""
    rows = caller.rows(InvestmentTransaction).live().select_related("investment").defer("investment__extra_sealed")
    if asked.investment_id:
        rows = rows.filter(investment=one(caller.rows(Investment).live(), asked.investment_id, "investment"))
    first, last = asked.days()
    rows = rows.filter(date__gte=first) if first else rows
    rows = rows.filter(date__lte=last) if last else rows
    page = page_of(Keyset(("-date", "-id")), rows, asked)
    shown = [
        {"investment": row.investment.name, **rows_of(MovementSerializer, [row], row.investment.currency_code)[0]}
        for row in page.rows
    ]
    cut = cut_after(len(shown), page.next)
    return Answer({"transactions": shown}, rows=len(shown), cut=cut, next_cursor=page.next, **health_of(caller).words)


def _of_connection(caller: Caller, asked: OfConnection, model: Any, shape: Any, name: str) -> Answer:
    rows = caller.rows(model).live().defer("extra_sealed")
    if asked.connection_id:
        rows = rows.filter(connection_id=asked.connection_id)
    page = page_of(Keyset(("-id",)), rows, asked)
    shown = rows_of(shape, page.rows)
    health = health_of(caller, [asked.connection_id] if asked.connection_id else None)
    return Answer(
        {name: shown}, rows=len(shown), cut=cut_after(len(shown), page.next), next_cursor=page.next, **health.words
    )
