"""Institutions and categories: what is the same for every client, kept as the aggregator has it."""

import logging
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from apps.banking.aggregators.pluggy import rows
from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from apps.banking.models import Category, Connector
from apps.banking.rows.merge import merge
from apps.events.emit import emit
from apps.events.models import Event
from apps.events.work import Batch

logger = logging.getLogger(__name__)


def connector_of(name: str, doc: Any) -> Connector | None:
    """The connector that an item names, made from what the item tells of it if it is new. Inside a transaction."""
    if not isinstance(doc, dict) or doc.get("id") in (None, ""):
        return None
    known = Connector.objects.filter(aggregator=name, vendor_id=str(doc["id"])).first()
    if known is None:
        merge(Connector, {"aggregator": name}, rows.mapped(rows.connector, [doc]).rows)
        known = Connector.objects.filter(aggregator=name, vendor_id=str(doc["id"])).first()
    return known


def connector_status(batch: Batch) -> str:
    """connector/status_updated: read the connector anew. Connections at it are not touched: nobody is prompted."""
    name, _, connector_id = batch.key.split(":", 2)
    api = aggregator(name).client(before_call=batch.renew)
    try:
        doc = api.connector(connector_id)
    except Gone:
        return "unknown connector"
    with batch.finish("connector read"):
        keep_connectors(name, [doc], batch.events[0])
    return "connector read"


def keep_connectors(name: str, docs: Iterable[dict[str, Any]], cause: Event | None = None) -> None:
    """Store connectors, and announce those whose health changed. Inside a transaction."""
    found = rows.mapped(rows.connector, docs).rows
    ids = [row["vendor_id"] for row in found]
    known = Connector.objects.filter(aggregator=name, vendor_id__in=ids)
    before = dict(known.values_list("vendor_id", "health_status"))
    merge(Connector, {"aggregator": name}, found)
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
    """Read every aggregator's connectors and categories anew, page by page. Raises what its client raises."""
    for name in AGGREGATORS:
        api = aggregator(name).client()
        listed = _refresh_connectors(name, api)
        _refresh_others(name, api, listed)
        for page in api.categories():
            with transaction.atomic():
                merge(Category, {"aggregator": name}, rows.mapped(rows.category, page).rows)


def _refresh_connectors(name: str, api: Any) -> set[str]:
    """The ids that were listed."""
    listed: set[str] = set()
    for page in api.connectors(health_details=True):
        with transaction.atomic():
            keep_connectors(name, page)
        listed |= {str(doc.get("id")) for doc in page}
    return listed


def _refresh_others(name: str, api: Any, listed: set[str]) -> None:
    """Connectors in use that the list leaves out: the sandbox's, and those no longer offered to new users."""
    used = Connector.objects.filter(aggregator=name, connections__deleted_at=None, connections__isnull=False)
    for connector_id in sorted(set(used.values_list("vendor_id", flat=True)) - listed):
        try:
            doc = api.connector(connector_id)
        except Gone:
            logger.warning("Connector %s of %s is gone, and still in use", connector_id, name)
            continue
        with transaction.atomic():
            keep_connectors(name, [doc])
