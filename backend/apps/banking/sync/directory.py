"""Institutions and categories: what is the same for every client, kept as the aggregator has it."""

import logging
from collections.abc import Iterable

from django.db import transaction

from apps.banking.aggregators.contract import Directory, Row
from apps.banking.aggregators.mailboxes import read_mailbox
from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from apps.banking.models import Category, Connector
from apps.banking.rows.merge import merge
from apps.events.emit import emit
from apps.events.models import Event
from apps.events.work import Batch

logger = logging.getLogger(__name__)


def institution_changed(batch: Batch) -> str:
    """Read the institution anew. Connections at it are not touched, so no person is prompted."""
    mailbox = read_mailbox(batch.key)
    application = aggregator(mailbox.aggregator).application(mailbox.application)
    row = application.directory(before_call=batch.renew).institution(mailbox.id)
    if row is None:
        return "unknown connector"
    with batch.finish("connector read"):
        keep_connectors(mailbox.aggregator, [row], batch.events[0])
    return "connector read"


def keep_connectors(name: str, rows: Iterable[Row], cause: Event | None = None) -> None:
    """Store connectors, and announce those whose health changed. Inside a transaction."""
    listed = list(rows)
    known = Connector.objects.filter(aggregator=name, vendor_id__in=[row["vendor_id"] for row in listed])
    before = dict(known.values_list("vendor_id", "health_status"))
    merge(Connector, {"aggregator": name}, listed)
    for connector in known.all():
        _announce_status(connector, before.get(connector.vendor_id), cause)


def _announce_status(connector: Connector, before: str | None, cause: Event | None) -> None:
    if before is None or before == connector.health_status:
        return
    emit(
        "connector.status_changed",
        mailbox=f"connector:{connector.pk}",
        client=None,
        payload={"connector": connector.pk, "status": connector.health_status, "before": before},
        caused_by=cause,
    )


def refresh() -> None:
    """Read the connectors and categories of every application anew, page by page. Raises what a directory raises."""
    for name in AGGREGATORS:
        for application in aggregator(name).applications():
            _refresh(name, application.directory())


def _refresh(name: str, directory: Directory) -> None:
    listed = _refresh_connectors(name, directory)
    _refresh_others(name, directory, listed)
    for page in directory.categories():
        with transaction.atomic():
            merge(Category, {"aggregator": name}, page)


def _refresh_connectors(name: str, directory: Directory) -> set[str]:
    """The ids that were listed."""
    listed: set[str] = set()
    for page in directory.institutions():
        with transaction.atomic():
            keep_connectors(name, page)
        listed |= {str(row["vendor_id"]) for row in page}
    return listed


def _refresh_others(name: str, directory: Directory, listed: set[str]) -> None:
    """Connectors in use that the list leaves out: the sandbox's, and those no longer offered to new users."""
    used = Connector.objects.filter(aggregator=name, connections__deleted_at=None, connections__isnull=False)
    for connector_id in sorted(set(used.values_list("vendor_id", flat=True)) - listed):
        row = directory.institution(connector_id)
        if row is None:
            logger.warning("Connector %s of %s is gone, and still in use", connector_id, name)
            continue
        with transaction.atomic():
            keep_connectors(name, [row])
