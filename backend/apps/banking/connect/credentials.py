"""A client's own credentials at an aggregator: save, replace, test and remove them. None is saved untested."""

from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.utils import timezone

from apps.banking.aggregators.contract import CredentialsRefused, NotOffered
from apps.banking.aggregators.registry import aggregator
from apps.banking.aggregators.stored import Credentials
from apps.banking.connect.applications import DEFAULT
from apps.banking.connect.disconnect import hasten
from apps.banking.connect.errors import InUse
from apps.banking.connect.turns import take_turn
from apps.banking.models import ClientApplication, Connection
from apps.banking.models.application import new_name
from apps.banking.sync import reconcile
from apps.banking.sync.stranded import CREDENTIALS_REFUSED
from apps.clients.models import Client
from lib.errors import ErrorType

LONGEST = 200


class NotCredentials(CredentialsRefused):
    """They do not even have the form of credentials."""

    def __init__(self) -> None:
        super().__init__("not credentials", error_type=ErrorType.AUTHENTICATION_ERROR, code="NOT_CREDENTIALS")


def save(
    client: Client,
    label: str,
    key: str,
    secret: str,
    *,
    user: AbstractBaseUser | AnonymousUser | None = None,
    vendor: str = DEFAULT,
) -> ClientApplication:
    """Store new credentials, if the aggregator accepts them now. `key` is the client id.

    Raises CredentialsRefused, NotOffered, and the aggregator's errors while it does not answer; then nothing is saved.
    """
    name = new_name()
    key, secret = key.strip(), secret.strip()
    _test(vendor, name, client.pk, key, secret)
    row = ClientApplication(client=client, aggregator=vendor, name=name, label=label.strip()[:80] or vendor)
    row.key, row.secret, row.tested_at = key, secret, timezone.now()
    row.created_by_id = user.pk if user else None
    row.save()
    return row


def replace_secret(row: ClientApplication, secret: str) -> None:
    """Store a new secret of the same client id, if the aggregator accepts it now. Raises as `save`."""
    secret = secret.strip()
    _test(row.aggregator, row.name, row.client_id, row.key, secret)
    row.secret, row.tested_at, row.error_code = secret, timezone.now(), ""
    row.save(update_fields=["secret_sealed", "tested_at", "error_code", "updated_at"])
    _revive(row)


def test(row: ClientApplication) -> bool:
    """Whether the aggregator accepts the stored credentials now, and note the answer. Raises its other errors."""
    try:
        _test(row.aggregator, row.name, row.client_id, row.key, row.secret)
    except CredentialsRefused as error:
        ClientApplication.objects.filter(pk=row.pk).update(error_code=error.code)
        return False
    ClientApplication.objects.filter(pk=row.pk).update(error_code="", tested_at=timezone.now())
    _revive(row)
    return True


def _revive(row: ClientApplication) -> None:
    """Read the banks again whose connections failed because the credentials were refused."""
    failed = Connection.objects.filter(aggregator=row.aggregator, application=row.name, error_code=CREDENTIALS_REFUSED)
    for connection in failed.filter(deleted_at=None):
        reconcile.request(connection)


def remove(row: ClientApplication) -> None:
    """Erase the credentials. Raises InUse while a connection reads its bank with them: disconnect it first.

    Connections that are being disconnected do not count. If the aggregator refuses the credentials, that is the way to
    end them: their items stay in the client's own account at the aggregator.
    """
    with transaction.atomic():
        ClientApplication.objects.select_for_update().filter(pk=row.pk).first()
        using = Connection.objects.filter(
            client_id=row.client_id, aggregator=row.aggregator, application=row.name, deleted_at=None
        )
        if count := using.filter(disconnect_asked_at=None).count():
            raise InUse(count)
        row.delete()
        for connection in using:
            hasten(connection)


def _test(vendor: str, name: str, client: UUID, key: str, secret: str) -> None:
    if not all(0 < len(text) <= LONGEST and text.isascii() and text.isprintable() for text in (key, secret)):
        raise NotCredentials
    make = aggregator(vendor).of_client
    if make is None:
        raise NotOffered("this aggregator takes no credentials of a client", code="NO_OWN_CREDENTIALS")
    take_turn(client)
    make(Credentials(name, client, key, secret)).authenticate()
