"""Connections in plain words: their state, their age, who must act, and "sync now"."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from apps.audit.models import Entry
from apps.banking.aggregators.verdict import Action
from apps.banking.connect.advice import ADVICE, PAUSED, STALE
from apps.banking.factories import AccountFactory, ConnectionFactory, ConnectorFactory, SyncRunFactory
from apps.banking.models import Connection
from apps.banking.pages.connection_card import card_of
from apps.banking.pages.connections import MOST_RUNS, products_of
from apps.banking.pages.freshness import STALE_AFTER, freshness, oldest

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def now():
    return timezone.now()


@pytest.mark.parametrize(
    ("columns", "tone", "needs_person"),
    [
        ({"state": "active"}, "good", False),
        ({"state": "active", "execution_status": "PARTIAL_SUCCESS"}, "info", False),
        ({"state": "connecting"}, "busy", False),
        ({"state": "outdated", "action": "wait"}, "warn", False),
        ({"state": "needs_user", "action": "reconnect"}, "warn", True),
        ({"state": "needs_user", "action": "fix_configuration"}, "bad", False),
        ({"state": "needs_user", "action": "a word of tomorrow"}, "bad", False),
        ({"state": "active", "paused_at": timezone.now()}, "warn", False),
        ({"state": "needs_user", "action": "reconnect", "paused_at": timezone.now()}, "warn", False),
    ],
)
def test_a_state_says_who_must_act(columns, tone, needs_person):
    card = card_of(ConnectionFactory(last_updated_at=now(), **columns))
    assert (card.tone, card.needs_person) == (tone, needs_person)


def test_data_is_stale_after_a_day_and_a_half_without_the_bank():
    fresh = ConnectionFactory(last_updated_at=now() - STALE_AFTER + HOUR)
    stale = ConnectionFactory(last_updated_at=now() - STALE_AFTER - HOUR, last_synced_at=now())
    assert (freshness(fresh).is_stale, freshness(stale).is_stale) == (False, True)
    assert card_of(stale).tone == "warn"
    assert oldest([fresh, stale]).at == stale.last_updated_at
    assert oldest([]) is None


def test_old_data_are_not_said_to_be_in_order():
    old = {"last_updated_at": now() - STALE_AFTER - HOUR}
    assert card_of(ConnectionFactory(**old)).advice is STALE
    assert card_of(ConnectionFactory(last_updated_at=now())).advice is ADVICE[Action.NONE]
    assert card_of(ConnectionFactory(state="outdated", action="wait", **old)).advice is ADVICE[Action.WAIT]
    assert card_of(ConnectionFactory(paused_at=now(), **old)).advice is PAUSED


@pytest.mark.parametrize(
    ("action", "way"),
    [
        ("reconnect", "/connections/{pk}/reconnect/"),
        ("add_credentials", "/credentials/"),
        ("connect_separately", "/connections/connect/"),
        ("contact_support", ""),
        ("log_out_elsewhere", ""),
    ],
)
def test_a_button_opens_the_page_on_which_its_advice_is_followed(person, membership, action, way):
    connection = ConnectionFactory(member=membership, state="needs_user", action=action)
    address = way.format(pk=connection.pk)
    assert card_of(connection).way == address
    button = f'<a class="button button--small" href="{address}">'
    for page in ("/connections/", f"/connections/{connection.pk}/"):
        assert (button in person.get(page).content.decode()) is bool(way)
    Connection.objects.filter(pk=connection.pk).update(disconnect_asked_at=now())
    connection.refresh_from_db()
    assert card_of(connection).way == ""


def test_the_next_reading_is_said_only_if_one_is_to_come():
    coming = now() + HOUR
    assert freshness(ConnectionFactory(next_auto_sync_at=coming)).next_at == coming
    assert freshness(ConnectionFactory(next_auto_sync_at=now() - HOUR)).next_at is None
    assert freshness(ConnectionFactory(next_auto_sync_at=coming, state="needs_user")).next_at is None


def test_a_logo_comes_from_pluggy_alone_and_only_with_the_real_pluggy(settings):
    connector = ConnectorFactory(image_url="https://cdn.pluggy.ai/assets/1.svg")
    connection = ConnectionFactory(connector=connector)
    assert card_of(connection).logo == ""
    settings.PLUGGY_API_URL = "https://api.pluggy.ai"
    assert card_of(connection).logo == connector.image_url
    for address in ("https://evil.example/1.svg", "https://cdn.pluggy.ai.evil.example/1.svg", "javascript:x"):
        connector.image_url = address
        assert card_of(connection).logo == ""


def test_those_that_need_the_person_stand_first(person, membership):
    for name, state in (("A", "active"), ("B", "needs_user"), ("C", "outdated")):
        ConnectionFactory(
            member=membership, connector=ConnectorFactory(name=name), state=state, last_updated_at=now(),
            action="reconnect" if state == "needs_user" else "",
        )  # fmt: skip
    cards = person.get("/connections/").context["rows"]
    assert [card.name for card in cards] == ["B", "C", "A"]


def test_products_say_whether_the_bank_updated_them():
    detail = {
        "accounts": {"isUpdated": True, "lastUpdatedAt": "2026-11-22T09:12:00Z", "warnings": []},
        "loans": {"isUpdated": False, "lastUpdatedAt": None, "warnings": [{"code": "001", "message": "No permission"}]},
        "identity": None,
        "nonsense": 3,
    }
    products = products_of(ConnectionFactory(status_detail=detail))
    assert [(each.is_updated, each.warnings) for each in products] == [(True, ()), (False, ("No permission",))]
    clean = products_of(ConnectionFactory(status_detail=None, products=["ACCOUNTS", "NEW_THING"]))
    assert [each.is_updated for each in clean] == [True, True]
    assert clean[1].label == "NEW_THING"


@pytest.mark.parametrize("detail", [[], "x", {"accounts": []}, {"accounts": {"lastUpdatedAt": 3, "warnings": [1]}}])
def test_a_strange_status_detail_breaks_no_page(person, connection, detail):
    Connection.objects.filter(pk=connection.pk).update(status_detail=detail)
    assert person.get(f"/connections/{connection.pk}/").status_code == 200


def test_the_page_of_a_connection_shows_its_accounts_and_its_syncs(person, connection):
    AccountFactory(connection=connection, name="Conta da Ana")
    AccountFactory(name="Conta alheia")
    SyncRunFactory(
        connection=connection, state="failed", error_type="internal_error", error_code="SITE_DOWN",
        finished_at=now() + HOUR, counts={"transactions": {"created": 2, "changed": 0, "unchanged": 5, "removed": 1}},
    )  # fmt: skip
    answer = person.get(f"/connections/{connection.pk}/")
    text = answer.content.decode()
    assert "Conta da Ana" in text
    assert "Conta alheia" not in text
    assert "SITE_DOWN" in text
    assert answer.context["runs"][0].counts == "2 new, 1 withdrawn"


def test_many_syncs_cost_the_page_no_more(person, connection, django_assert_max_num_queries):
    SyncRunFactory.create_batch(MOST_RUNS + 5, connection=connection)
    with django_assert_max_num_queries(14):
        answer = person.get(f"/connections/{connection.pk}/")
    assert len(answer.context["marks"]) == MOST_RUNS


def test_sync_now_asks_the_bank_once_a_minute_and_is_noted(person, connected, bank):
    connection = Connection.objects.get(vendor_id=connected)
    person.force_login(connection.member.user)
    address = f"/connections/{connection.pk}/sync/"
    first = person.post(address)
    second = person.post(address)
    told = [str(message) for answer in (first, second) for message in get_messages(answer.wsgi_request)]
    assert "being asked" in told[0]
    assert "too soon" in told[-1]
    # The activity tells what was asked for, not each click.
    assert Entry.objects.filter(action="connection.sync", subject=f"banking.connection:{connection.pk}").count() == 1


def test_sync_now_tells_that_the_service_does_not_answer(person, connection):
    answer = person.post(f"/connections/{connection.pk}/sync/", follow=True)
    assert "does not answer" in answer.content.decode()
    assert not Entry.objects.exists()
