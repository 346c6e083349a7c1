"""How far a connecting or a sync is, for a page that asks every few seconds."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from redis.exceptions import RedisError

from apps.banking.aggregators.contract import Row, Told, UserRequest
from apps.banking.aggregators.registry import aggregator
from apps.banking.aggregators.verdict import Action, Health, Verdict
from apps.banking.connect.advice import Advice, Words, advice_for
from apps.banking.connect.applications import DEFAULT
from apps.banking.connect.errors import NotYours
from apps.banking.connect.finish import connection_of, look_for
from apps.banking.connect.stages import AT_BANK, PRODUCTS, STAGES, Stage, Step
from apps.banking.models import Connection, SyncRun
from apps.banking.sync.look import differs, look
from apps.banking.sync.poll import request_visit
from apps.banking.sync.runs import describe_error
from apps.banking.sync.stranded import STRANDED
from apps.clients.models import Membership
from apps.events.models import Event
from lib.engine_cache import cache
from lib.errors import PonteError

logger = logging.getLogger(__name__)

# Seconds between two questions to the aggregator about one item, however many pages watch it.
LOOK_SECONDS = 3
# Seconds between two questions of a page.
SOON, LATER = 2, 10
SOON_VISITED = timedelta(minutes=1)


@dataclass(frozen=True)
class ProductProgress:
    """One product: what people call it, how far it is, and how many rows were read so far."""

    product: str
    label: Words
    step: Step
    rows: int = 0


@dataclass(frozen=True, repr=False)
class Progress:
    """`words` says in a sentence where things are. `request` is what the bank asks of the person, `advice` what to do.

    `is_over`: nothing more happens by itself, so a page stops asking; else it asks again after `ask_again` seconds.
    `bank_message` is the bank's own text. `connection` is None while only the item exists.
    """

    stage: Stage
    words: Words
    advice: Advice
    products: tuple[ProductProgress, ...] = ()
    request: UserRequest | None = None
    bank_message: str = ""
    execution_status: str = ""
    error_code: str = ""
    connection: Connection | None = None
    as_of: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether a page can stop asking."""
        return self.stage in (Stage.DONE, Stage.FAILED, Stage.ENDED)

    @property
    def ask_again(self) -> int:
        """Seconds until the page should ask again."""
        return LATER if self.stage is Stage.ASKED else SOON


def progress_of(connection: Connection) -> Progress:
    """How far the connection is. While something is under way, it asks the aggregator, at most every few seconds."""
    run = SyncRun.objects.filter(connection=connection).order_by("-pk").first()
    waits, row = _waits(connection), _stored(connection)
    told = _told(connection, row)
    is_certain = True
    if _is_under_way(connection, told.verdict, waits=waits):
        if live := _ask(connection):
            row, told = live, aggregator(connection.aggregator).told(live)
        else:
            # A worker is about to store something newer than a failure.
            is_certain = not waits
    stage = _stage(connection, told.verdict, run, waits=waits)
    if stage is Stage.FAILED and not is_certain:
        stage = Stage.AT_BANK
    return _progress(stage, row, told, connection, run)


def progress_of_item(membership: Membership, item_id: str, application: str = "", *, vendor: str = DEFAULT) -> Progress:
    """How far an item is that may have no connection yet. Raises NotYours, and the aggregator's errors."""
    connection = connection_of(item_id, application, vendor)
    if connection and connection.client_id != membership.client_id:
        raise NotYours
    if connection:
        return progress_of(connection)
    row = look_for(membership, item_id, application, vendor=vendor).row
    told = aggregator(vendor).told(row)
    return _progress(_stage_at_bank(told.verdict) or Stage.READING, row, told)


def _stored(connection: Connection) -> Row:
    names = ("status", "execution_status", "last_updated_at", "extra")
    return {name: getattr(connection, name) for name in names}


def _told(connection: Connection, row: Row) -> Told:
    if connection.error_code in STRANDED:
        return Told(Verdict(Health.NEEDS_USER, Action.ADD_CREDENTIALS, connection.error_code))
    return aggregator(connection.aggregator).told(row)


def _waits(connection: Connection) -> bool:
    """Whether a worker will visit the item soon. An event that waits longer has failed, and is tried again later."""
    soon = timezone.now() + SOON_VISITED
    waiting = Event.objects.filter(mailbox=connection.mailbox, state=Event.State.PENDING, available_at__lte=soon)
    return waiting.exists()


def _is_under_way(connection: Connection, verdict: Verdict, *, waits: bool) -> bool:
    """Whether the aggregator may know more than we do."""
    if connection.deleted_at or connection.disconnect_asked_at or connection.paused_at:
        return False
    if verdict.health is Health.IN_PROGRESS or verdict.action in (Action.ANSWER_MFA, Action.AUTHORIZE_AT_BANK):
        return True
    return waits and not verdict.has_data


def _ask(connection: Connection) -> Row | None:
    """What the aggregator says now; None if it was asked a moment ago, or does not answer. A worker stores a change."""
    try:
        if not cache.add(f"progress:{connection.pk}", True, timeout=LOOK_SECONDS):
            return None
        state = look(connection)
        if differs(connection, state):
            request_visit(connection)
    except (PonteError, ImproperlyConfigured, RedisError) as error:
        logger.info("%s: its progress could not be asked: %s", connection, describe_error(error)[1])
        return None
    return state.row if state else None


def _stage(connection: Connection, verdict: Verdict, run: SyncRun | None, *, waits: bool) -> Stage:
    if connection.deleted_at:
        return Stage.ENDED
    if connection.disconnect_asked_at:
        return Stage.ENDING
    if waits and run and run.state == SyncRun.State.RUNNING:
        return Stage.READING
    if stage := _stage_at_bank(verdict):
        return stage
    if waits or run is None:
        return Stage.READING if waits or connection.last_synced_at is None else Stage.DONE
    # A run that no event will continue has failed, also if its worker died.
    return Stage.FAILED if run.state in (SyncRun.State.FAILED, SyncRun.State.RUNNING) else Stage.DONE


def _stage_at_bank(verdict: Verdict) -> Stage | None:
    """The stage that the bank's side decides; None if there is data to read."""
    if verdict.has_data:
        return None
    if verdict.action in (Action.ANSWER_MFA, Action.AUTHORIZE_AT_BANK, Action.AWAIT_APPROVAL):
        return Stage.ASKED
    return Stage.AT_BANK if verdict.health in (Health.IN_PROGRESS, Health.UNKNOWN) else Stage.FAILED


def _progress(
    stage: Stage, row: Row, told: Told, connection: Connection | None = None, run: SyncRun | None = None
) -> Progress:
    status = str(row.get("execution_status") or "")
    words = AT_BANK.get(status, STAGES[stage]) if stage is Stage.AT_BANK else STAGES[stage]
    # The bank has sent data, but Ponte could not read it; the next comparison tries again.
    is_ours = stage is Stage.FAILED and told.verdict.has_data
    return Progress(
        stage,
        words,
        advice_for(Action.WAIT if is_ours else told.verdict.action),
        _products(run) if run and stage in (Stage.READING, Stage.DONE, Stage.FAILED) else (),
        told.request if stage is Stage.ASKED else None,
        told.bank_message if stage is Stage.FAILED else "",
        status,
        _code(stage, told, run),
        connection,
        connection.last_updated_at if connection else None,
    )


def _code(stage: Stage, told: Told, run: SyncRun | None) -> str:
    if stage not in (Stage.ASKED, Stage.FAILED):
        return ""
    return run.error_code if run and told.verdict.has_data else told.verdict.code


def _products(run: SyncRun) -> tuple[ProductProgress, ...]:
    """The products of a run, in the order of reading. A run of an earlier release has only counts."""
    read, reading = set(run.progress.get("read", ())), run.progress.get("reading", "")
    planned = run.progress.get("planned") or list(run.counts)
    if run.state in (SyncRun.State.DONE, SyncRun.State.PARTIAL):
        read, reading = set(planned), ""
    return tuple(
        ProductProgress(product, PRODUCTS.get(product, product), _step(product, read, reading), _rows(run, product))
        for product in planned
    )


def _step(product: str, read: set[str], reading: str) -> Step:
    if product == reading:
        return Step.READING
    return Step.READ if product in read else Step.WAITING


def _rows(run: SyncRun, product: str) -> int:
    counts = run.counts.get(product, {})
    return sum(counts.get(name, 0) for name in ("created", "changed", "unchanged"))
