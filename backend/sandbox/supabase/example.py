"""The client's database as a person sees it in the demo: sales of the last weeks instead of the tests' awkward rows."""

from datetime import UTC, datetime, timedelta

from .data import COLUMNS, Exact, Row
from .data import tables as awkward

CUSTOMERS = ("Padaria Sol", "Mercado Lua", "Oficina Norte", "Café da Praça", "Papelaria Central")
TOTALS = "129.90 1540.00 87.50 310.25 59.00 720.80 2099.99 45.10 18.75 990.00 264.30 73.20".split()


def tables() -> dict[str, list[Row]]:
    """All tables. A sale every second day until today; every fourth is not paid yet."""
    today = datetime.now(UTC).replace(hour=12, minute=30, second=0, microsecond=0)
    days = [today - timedelta(days=2 * age) for age in reversed(range(len(TOTALS)))]
    sales = [
        (number, CUSTOMERS[number % len(CUSTOMERS)], Exact(total), number % 4 != 0, day.isoformat())
        for number, (total, day) in enumerate(zip(TOTALS, days, strict=True), start=1)
    ]
    return awkward() | {"vendas": [dict(zip(COLUMNS["vendas"], sale, strict=True)) for sale in sales]}
