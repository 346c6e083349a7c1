"""The part of `scripts/bench pages` that knows the product: seeds a database, and signs two users in.

`bench_pages_seed.py TRANSACTIONS EVENTS` fills an empty database, in which one client has a tenth of the transactions,
and analyzes it. `bench_pages_seed.py` alone prints the cookies and ids for bench_pages_list.py as one JSON object.
"""

import json
import sys
import time
from collections.abc import Callable

import django

django.setup()

import psycopg
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.http import HttpRequest

import bench_pages_rows as rows
from apps.banking.models import Account, Connection, SyncRun, Transaction, TransactionWords
from apps.banking.rows.words import index_words
from apps.banking.sync import rollup as of_syncs
from apps.clients.models import Membership
from apps.events import rollup as of_events
from apps.events.models import Event
from apps.events.rollup import LEAST
from apps.integrations.models import Conversation
from bench_pages_load import copy, without_indexes
from bench_pages_messages import messages
from lib.row_security import for_system

# Each client but the large one has this many transactions. The small database has fewer of them, and yet so many
# clients that its lists have a full page too.
USUAL, PAGE = 1800, 40


@for_system("scripts")
def main() -> None:
    if len(sys.argv) > 1:
        seed(int(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps(places()))


def seed(transactions: int, events: int) -> None:
    with psycopg.connect(**connections["owner"].get_connection_params(), autocommit=True) as owner:
        step("people, banks, accounts", lambda: rows.people(clients=max(PAGE, (transactions * 9 // 10) // USUAL)))
        shape = rows.TransactionColumns()
        step("transactions", lambda: copy(owner, Transaction, shape.names, rows.transactions(shape, transactions)))
        step("words of transactions", lambda: write_words(owner))
        step("balances, bills, investments", rows.products_of_the_large_client)
        step("messages", lambda: messages(rows.the_large_client(), transactions // 10))
        step("sync runs", lambda: copy(owner, SyncRun, rows.SYNC_RUN, rows.sync_runs()))
        payload = {"payload": rows.PAYLOAD}
        step("events", lambda: copy(owner, Event, rows.EVENT, rows.events(events), payload))
        step("tallies", lambda: rows.tallies(events))
        step("statistics", lambda: owner.execute("VACUUM ANALYZE"))
        step("counts by hour", count_hours)


def count_hours() -> None:
    """What the periodic tasks do, to their end. They stop after a while, and the next run goes on."""
    for count in (of_events.count_hours, of_syncs.count_hours):
        while count() > LEAST:
            pass


def write_words(owner: psycopg.Connection) -> None:
    with without_indexes(owner, TransactionWords._meta.db_table):
        index_words(batch=50_000)


def step(name: str, act: Callable[[], object]) -> None:
    began = time.monotonic()
    act()
    print(f"  {name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def places() -> dict[str, str]:
    """The cookies of a person and of somebody of the staff, and ids of the person's largest things."""
    large = Membership.objects.get(user__username=rows.LARGE)
    connection = Connection.objects.filter(client=large.client).order_by("id")[0]
    account = Account.objects.filter(connection=connection).order_by("id")[0]
    return {
        "person": session_of(rows.LARGE),
        "staff": session_of(rows.STAFF),
        "connection": str(connection.pk),
        "account": str(account.pk),
        "conversation": str(Conversation.objects.order_by("-last_message_at")[0].pk),
        "word": rows.WORD,
    }


def session_of(username: str) -> str:
    request = HttpRequest()
    request.session = SessionStore()
    user = get_user_model().objects.get(username=username)
    login(request, user, settings.AUTHENTICATION_BACKENDS[0])
    request.session.save()
    return str(request.session.session_key)


if __name__ == "__main__":
    main()
