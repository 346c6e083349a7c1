"""The write half of `scripts/bench sync`: our merge beside bare COPY + merge and bulk_create, taking turns."""

import gc
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from django.db import connection, connections, transaction

from apps.banking.aggregators.pluggy import rows
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.models import Account, Transaction
from apps.banking.rows.columns import columns
from apps.banking.rows.merge import merge, merge_sql
from apps.banking.rows.staging import BATCH, stage
from lib.row_security import for_client

BULK_BATCH = 500
# The order within a round. The two ways that are compared most closely come one after the other.
WAYS = {"bare": "bare", "write": "ours", "mapped": "mapped", "bulk": "bulk"}


@dataclass(frozen=True)
class Cost:
    """`cores` is processor seconds of this process and of the database's."""

    seconds: float
    cores: float


def empty() -> None:
    """Delete all transactions, and what belongs to them."""
    with psycopg.connect(**connections["owner"].get_connection_params(), autocommit=True) as database:
        database.execute("TRUNCATE banking_transaction CASCADE")


class Writes:
    """The ways to write the transactions of `account`, as the bank lists them."""

    def __init__(self, account: Account, bank: PluggyClient, rounds: int) -> None:
        self.client = account.client_id
        self.scope: dict[str, UUID | int] = {"client_id": account.client_id, "account_id": account.pk}
        self.shape = columns(Transaction, tuple(sorted(self.scope)))
        self.rounds = rounds
        self.docs = [doc for page in bank.transactions(account.vendor_id) for doc in page]
        self.rows = rows.mapped(rows.transaction, self.docs).rows
        digested = list(self.shape.digest_all(self.rows).values())
        self.digests = [one.digest for one in digested]
        self.lines = list(self.shape.lines(digested, self.scope))
        self.sealed = [bytes.fromhex(line.rpartition(r"\\x")[2]) for line in self.lines]
        # A sync never holds all of this, so the garbage collector must not walk through it while we measure.
        gc.collect()
        gc.freeze()

    def figures(self) -> dict[str, float]:
        costs: dict[str, list[Cost]] = defaultdict(list)
        with for_client(self.client):
            for _ in range(self.rounds):
                self.take_turns(costs)
        return {
            "write_rows_per_s": self.rate(costs["write"]),
            "write_with_mapping_rows_per_s": self.rate(costs["mapped"]),
            "write_repeat_rows_per_s": self.rate(costs["repeat"]),
            "bare_rows_per_s": self.rate(costs["bare"]),
            "ratio": ratio(costs["write"], costs["bare"], "seconds"),
            "ratio_per_core": ratio(costs["write"], costs["bare"], "cores"),
            "bulk_create_rows_per_s": self.rate(costs["bulk"]),
            "bulk_create_ratio": ratio(costs["write"], costs["bulk"], "cores"),
            "bulk_create_wall_ratio": ratio(costs["write"], costs["bulk"], "seconds"),
        }

    def take_turns(self, costs: dict[str, list[Cost]]) -> None:
        for name, write in WAYS.items():
            empty()
            costs[name].append(self.timed(getattr(self, write)))
            if name == "write":
                costs["repeat"].append(self.timed(self.ours))

    def rate(self, costs: Iterable[Cost]) -> int:
        return round(len(self.rows) / statistics.median(cost.seconds for cost in costs))

    def ours(self) -> None:
        for start in range(0, len(self.rows), BATCH):
            with transaction.atomic():
                merge(Transaction, self.scope, self.rows[start : start + BATCH])

    def mapped(self) -> None:
        for start in range(0, len(self.docs), BATCH):
            found = rows.mapped(rows.transaction, self.docs[start : start + BATCH])
            with transaction.atomic():
                merge(Transaction, self.scope, found.rows)

    def bare(self) -> None:
        """The same statement on the same lines. The lines are made before the clock starts."""
        table, names, statement = Transaction._meta.db_table, self.shape.names, merge_sql(self.shape)
        for start in range(0, len(self.lines), BATCH):
            with transaction.atomic(), connection.cursor() as cursor:
                stage(cursor, table, names, self.lines[start : start + BATCH])
                cursor.execute(statement, self.scope)

    def bulk(self) -> None:
        """Digests and ciphertext are made beforehand: only Django's own work is timed."""
        updated = [Transaction._meta.get_field(name).name for name in self.shape.updated]
        for start in range(0, len(self.rows), BATCH):
            with transaction.atomic():
                Transaction.objects.bulk_create(
                    [self.instance(number) for number in range(start, min(start + BATCH, len(self.rows)))],
                    batch_size=BULK_BATCH,
                    update_conflicts=True,
                    unique_fields=["account", "vendor_id"],
                    update_fields=updated,
                )

    def instance(self, number: int) -> Transaction:
        row = {name: value for name, value in self.rows[number].items() if name != "extra"}
        return Transaction(**self.scope, **row, digest=self.digests[number], extra_sealed=self.sealed[number])

    def timed(self, write: Callable[[], None]) -> Cost:
        connection.ensure_connection()
        backend = connection.connection.info.backend_pid
        before, cores = time.perf_counter(), time.process_time() + processor_seconds(backend)
        write()
        return Cost(time.perf_counter() - before, time.process_time() + processor_seconds(backend) - cores)


def ratio(ours: Iterable[Cost], peers: Iterable[Cost], of: str) -> float:
    """The speed relative to its peer, in the median round, because a machine that slows down slows both."""
    pairs = zip(ours, peers, strict=True)
    quotients: list[float] = [getattr(peer, of) / getattr(one, of) for one, peer in pairs]
    return round(statistics.median(quotients), 2)


def processor_seconds(pid: int) -> float:
    """Processor seconds of a process so far, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
