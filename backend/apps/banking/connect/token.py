"""Make a connect token: the secret with which the aggregator's widget, in the person's browser, connects a bank."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from prometheus_client import Histogram

from apps.banking.aggregators.contract import Application
from apps.banking.connect.applications import DEFAULT, application_for, usable
from apps.banking.connect.errors import Disconnecting, NotYours
from apps.banking.connect.turns import take_turn
from apps.banking.models import Connection
from apps.clients.models import Membership
from lib.errors import PonteError

# Where a bank's own page leads back to.
RETURN_PATH = "/connections/connect/return/"

TOKENS = Histogram(
    "ponte_connect_token_seconds",
    "Connect tokens asked for, by outcome: how many, and seconds until the aggregator answered.",
    ["outcome"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 35),
)


@dataclass(frozen=True, repr=False)
class ConnectToken:
    """The secret for one widget. It has no repr: hand `value` to the browser, then forget it.

    `item_id` is the item to repair; empty for a new one. `application` is the one in which the item will be.
    """

    value: str
    item_id: str
    application: str


def make_connect_token(
    membership: Membership, *, connection: Connection | None = None, application: str = "", vendor: str = DEFAULT
) -> ConnectToken:
    """A token for a new connection of this member or, with `connection`, to repair that one.

    Raises NotYours for a connection of another client, Disconnecting, UnknownApplication, NotOffered, Gone if the item
    no longer exists, and the aggregator's errors. The token is never stored, and no log shows it.
    """
    if connection is None:
        chosen, member, item_id = usable(membership.client, application, vendor), membership.pk, ""
    else:
        chosen, vendor = _of(connection, membership), connection.aggregator
        # The item keeps the member for whom it was made, also if another member of the client repairs it.
        member, item_id = connection.member_id or membership.pk, connection.vendor_id
    take_turn(membership.pk)
    addresses = {"webhook_url": webhook_url(vendor, chosen.path_token(member)), "redirect_url": _redirect_url()}
    with _timed():
        value = chosen.connect_token(member, item_id=item_id, **addresses)
    return ConnectToken(value, item_id, chosen.name)


def webhook_url(vendor: str, path_token: str) -> str:
    """The address for the webhooks of one member's items; empty if no webhook can arrive."""
    if not settings.PUBLIC_URL or not path_token:
        return ""
    return f"{settings.PUBLIC_URL}{reverse('item-webhook', args=[vendor, path_token])}"


def _redirect_url() -> str:
    return settings.PUBLIC_URL + RETURN_PATH if urlsplit(settings.PUBLIC_URL).scheme == "https" else ""


def _of(connection: Connection, membership: Membership) -> Application:
    if connection.client_id != membership.client_id or connection.deleted_at:
        raise NotYours
    if connection.disconnect_asked_at:
        raise Disconnecting
    return application_for(connection)


@contextmanager
def _timed() -> Iterator[None]:
    started, outcome = time.perf_counter(), "made"
    try:
        yield
    except PonteError as error:
        outcome = str(error.error_type)
        raise
    except Exception:
        outcome = "failed"
        raise
    finally:
        TOKENS.labels(outcome).observe(time.perf_counter() - started)
