"""The orders to erase clients: one that fails holds no other up."""

import logging

import pytest

from apps.clients import erasure
from apps.clients.factories import MembershipFactory
from apps.clients.models import Client
from apps.clients.personal_data import ENDINGS, Ending

pytestmark = pytest.mark.django_db


@pytest.fixture
def orders():
    """Two orders; the first is the older one."""
    owners = [MembershipFactory(role="owner") for _ in range(2)]
    return [erasure.ask(owner, owner.client.name) for owner in owners]


@pytest.mark.parametrize(
    ("error", "level"), [(erasure.Later("in use"), logging.WARNING), (ValueError("a defect"), logging.ERROR)]
)
def test_an_order_that_fails_is_logged_and_holds_up_no_other_and_goes_on_later(
    orders, monkeypatch, caplog, error, level
):
    failing, other = orders

    def begin(client):
        if client == failing.client:
            raise error
        return 0

    with monkeypatch.context() as patch:
        patch.setitem(ENDINGS, "test", Ending("test", begin))
        erasure.go_on()
    assert [(record.levelno, record.erasure) for record in caplog.records if hasattr(record, "erasure")] == [
        (level, failing.pk)
    ]
    assert list(Client.objects.values_list("pk", flat=True)) == [failing.client]
    other.refresh_from_db()
    assert other.finished_at
    erasure.go_on()
    failing.refresh_from_db()
    assert failing.finished_at
