"""Update institutions and categories, which are the same for every client, from the aggregator."""

import logging
from collections.abc import Iterable

from django.db import transaction

from apps.banking.aggregators.contract import Application, Directory, Row
from apps.banking.aggregators.mailboxes import read_mailbox_name
from apps.banking.aggregators.registry import aggregator, for_each_application
from apps.banking.models import Category, Connector
from apps.banking.rows.merge import merge
from apps.events.emit import emit
from apps.events.models import Event
from apps.events.work import Batch
from lib.row_security import for_system

logger = logging.getLogger(__name__)


def institution_changed(batch: Batch) -> str:
    """Read the institution again. Its connections do not change, so no user is asked to act."""
    mailbox = read_mailbox_name(batch.key)
    application = aggregator(mailbox.aggregator).application(mailbox.application)
    row = application.directory(before_call=batch.renew).institution(mailbox.id)
    if row is None:
        return "unknown connector"
    with batch.finish("connector read"):
        store_connectors(mailbox.aggregator, [row], batch.events[0])
    return "connector read"


def store_connectors(name: str, rows: Iterable[Row], cause: Event | None = None) -> None:
    """Store connectors, and announce each change of a connector's health. Call inside a transaction."""
    listed = list(rows)
    connectors = Connector.objects.filter(aggregator=name, vendor_id__in=[row["vendor_id"] for row in listed])
    before = dict(connectors.values_list("vendor_id", "health_status"))
    merge(Connector, {"aggregator": name}, listed)
    for connector in connectors.all():
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


@for_system("institutions in use")
def refresh() -> None:
    """Read the connectors and categories of every application again, page by page.

    They are the same for all applications of an aggregator. So a client's own application is asked only if none has
    answered before it. Raises the first error, after the other applications were read.
    """
    read: set[str] = set()
    for_each_application(lambda name, application: _refresh(name, application, read))


def _refresh(name: str, application: Application, read: set[str]) -> None:
    if application.client and name in read:
        return
    directory = application.directory()
    listed = _refresh_connectors(name, directory)
    _refresh_unlisted(name, directory, listed)
    for page in directory.categories():
        with transaction.atomic():
            merge(Category, {"aggregator": name}, page)
    read.add(name)


def _refresh_connectors(name: str, directory: Directory) -> set[str]:
    """Store the listed connectors and return their ids."""
    listed: set[str] = set()
    for page in directory.institutions():
        with transaction.atomic():
            store_connectors(name, page)
        listed |= {str(row["vendor_id"]) for row in page}
    return listed


def _refresh_unlisted(name: str, directory: Directory, listed: set[str]) -> None:
    """Read the connectors in use that are not in the list: the sandbox's, and those closed to new users."""
    used = Connector.objects.filter(aggregator=name, connections__deleted_at=None, connections__isnull=False)
    for connector_id in sorted(set(used.values_list("vendor_id", flat=True)) - listed):
        row = directory.institution(connector_id)
        if row is None:
            logger.warning("Connector %s is still in use, but %s no longer has it", connector_id, name)
            continue
        with transaction.atomic():
            store_connectors(name, [row])
