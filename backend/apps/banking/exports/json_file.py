"""JSON: one object with all transactions, one to a line.

Amounts are texts, because many programs read numbers as binary fractions, which have no exact 0.10.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime

from apps.banking.exports.records import Record


def lines(records: Iterable[Record], now: datetime) -> Iterator[str]:
    """The parts of the file."""
    yield f'{{"exported_at": "{now.isoformat()}", "transactions": ['
    separator = "\n"
    for record in records:
        body = {**asdict(record), "date": record.date.isoformat(), "amount": f"{record.amount:f}"}
        yield separator + json.dumps(body, ensure_ascii=False)
        separator = ",\n"
    yield "\n]}\n"
