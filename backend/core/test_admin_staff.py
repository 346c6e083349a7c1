"""Staff in the admin: what a group may see and do, what each action leaves in the audit, and the first page."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import Entry
from apps.banking import factories
from apps.banking.models import Connection, SyncHour
from apps.clients.browse.columns import with_seconds
from apps.clients.factories import MembershipFactory, UserFactory
from apps.events.models import Event, Hour, Mailbox

PAYLOAD = b'{"event": "item/updated", "fullName": "Maria Segredo", "n": [1, 2]}'
pytestmark = pytest.mark.django_db


@pytest.fixture
def member_of(client):
    """A browser of somebody in a group of staff."""

    def enter(name: str):
        person = UserFactory(is_staff=True)
        person.groups.add(Group.objects.get(name=name))
        client.force_login(person)
        client.person = person
        return client

    return enter


@pytest.fixture
def admin(client):
    client.person = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(client.person)
    return client


def event(number: int = 1, **more) -> Event:
    payload = Event.seal(
        "pluggy", f"e-{number}", b'{"event": "item/updated", "fullName": "Maria Segredo", "n": [1, 2]}'
    )
    columns = {
        "source": "pluggy",
        "event_id": f"e-{number}",
        "kind": "item/updated",
        "mailbox": "pluggy:item:x",
        **more,
    }
    return Event.objects.create(payload=payload, **columns)


def dead(number: int = 1, **more) -> Event:
    return event(number, state="dead", outcome="dead", finished_at=timezone.now(), **more)


def act(browser, row, name: str, reason: str = "", **more):
    form = {
        "action": name,
        "_selected_action": [row.pk],
        "index": "0",
        **({"reason": reason} if reason else {}),
        **more,
    }
    return browser.post(reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist"), form)


def shown(browser, row, view: str = "change") -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_{view}"
    return browser.get(reverse(name, args=[row.pk] if view != "changelist" else [])).content.decode()


# --- groups ---


def test_support_looks_and_replays_and_sees_no_secret_no_payload_and_no_whole_account_number(member_of):
    support = member_of("support")
    row = dead()
    account = factories.AccountFactory()
    account.number, account.owner = "98765-4321", "Ana Segredo"
    account.save()
    for page in (shown(support, row), shown(support, account), shown(support, account, "changelist")):
        assert not re.search(r"Segredo|98765", page)
    assert "fullName" in shown(support, row)
    assert "•••4321" in shown(support, account)
    assert support.get(reverse("admin:events_event_payload", args=[row.pk])).status_code == 403
    assert act(support, row, "replay_events").status_code == 302
    row.refresh_from_db()
    assert row.state == "pending"


def test_support_can_do_nothing_else(member_of):
    support = member_of("support")
    connection, row = factories.ConnectionFactory(), dead()
    act(support, row, "discard_events", reason="x")
    for name in ("sync_now", "reconcile", "pause", "resume", "mark_for_reconnect"):
        act(support, connection, name, reason="x")
    row.refresh_from_db(), connection.refresh_from_db()
    assert (row.state, connection.paused_at, connection.state) == ("dead", None, "active")
    assert Event.objects.count() == 1
    assert support.get(reverse("admin:banking_webhooks")).status_code == 403
    assert support.get(reverse("admin:audit_entry_changelist")).status_code == 403
    assert "Descartar" not in shown(support, row)
    assert "Reprocessar" in shown(support, row)


def test_operators_may_use_every_verb(member_of):
    operator = member_of("operators")
    connection = factories.ConnectionFactory()
    page = shown(operator, connection)
    assert all(f'value="{name}"' in page for name in ("sync_now", "reconcile", "pause", "resume", "mark_for_reconnect"))
    assert operator.get(reverse("admin:events_event_payload", args=[event().pk])).status_code == 200
    assert operator.get(reverse("admin:banking_webhooks")).status_code == 200
    assert operator.get(reverse("admin:audit_entry_changelist")).status_code == 200


def test_an_operator_cannot_give_itself_more_rights(member_of):
    operator = member_of("operators")
    url = reverse("admin:auth_user_change", args=[operator.person.pk])
    operator.post(url, {"username": operator.person.username, "is_superuser": "on", "is_staff": "on"})
    operator.person.refresh_from_db()
    assert not operator.person.is_superuser


def test_people_who_are_not_staff_see_no_page_of_the_admin(client):
    client.force_login(UserFactory())
    for name in ("admin:index", "admin:banking_webhooks", "admin:events_event_changelist"):
        assert client.get(reverse(name)).status_code == 302
    assert client.get(reverse("admin:events_event_payload", args=[event().pk])).status_code == 302


# --- actions and the audit ---


def test_a_look_at_a_payload_is_audited_and_shows_the_values(admin):
    row = event()
    text = shown(admin, row, "payload")
    assert "Maria Segredo" in text
    entry = Entry.objects.get(action="event.payload")
    assert (entry.subject, entry.actor, entry.via) == (f"events.event:{row.pk}", admin.person.pk, "admin")


def test_an_action_is_audited_with_its_reason_and_only_if_it_was_done(admin):
    row = dead()
    question = act(admin, row, "discard_events")
    assert question.status_code == 200
    assert "Por quê" in question.content.decode()
    row.refresh_from_db()
    assert (row.state, Entry.objects.count()) == ("dead", 0)
    act(admin, row, "discard_events", reason="the bank closed")
    row.refresh_from_db()
    entry = Entry.objects.get()
    assert (row.state, row.outcome) == ("done", "discarded")
    assert (entry.action, entry.reason, entry.subject) == (
        "event.discard_events",
        "the bank closed",
        f"events.event:{row.pk}",
    )


def test_an_action_from_the_detail_page_returns_there_and_never_to_another_site(admin):
    row = dead()
    url = reverse("admin:events_event_change", args=[row.pk])
    assert act(admin, row, "replay_events", _back=url).headers["Location"] == url
    assert "evil" not in act(admin, row, "replay_events", _back="https://evil.example/").headers["Location"]


def test_an_action_reaches_a_row_that_the_list_hides_but_never_all_rows_of_a_list(admin):
    gone = factories.ConnectionFactory(state="deleted", deleted_at=timezone.now())
    act(admin, gone, "reconcile")
    assert Event.objects.get().kind == "connection.reconcile"
    dead(5), dead(6)
    act(admin, Event.objects.get(event_id="e-5"), "replay_events", select_across="1")
    assert Event.objects.filter(state="dead").count() == 1


def test_additions_changes_and_deletions_are_audited_without_values(admin):
    member = MembershipFactory()
    url = reverse("admin:clients_membership_change", args=[member.pk])
    admin.post(url, {"client": member.client_id, "user": member.user_id, "role": "owner"})
    member.refresh_from_db()
    assert member.role == "owner"
    entry = Entry.objects.get(action="membership.change")
    assert (entry.subject, entry.client) == (f"clients.membership:{member.pk}", member.client_id)
    assert "owner" not in json.dumps(entry.details)


def test_actions_of_other_packages_are_audited(admin):
    from django_celery_beat.models import PeriodicTask

    task = PeriodicTask.objects.get(task="events.sweep")
    act(admin, task, "disable_tasks")
    task.refresh_from_db()
    assert not task.enabled
    assert Entry.objects.get().action == "periodictask.disable_tasks"


def test_a_connection_is_paused_and_resumed_with_a_reason(admin):
    row = factories.ConnectionFactory()
    act(admin, row, "pause", reason="the bank asked for it")
    assert Connection.objects.get().paused_at
    assert "pausada" in shown(admin, row, "changelist")
    act(admin, row, "resume")
    assert Connection.objects.get().paused_at is None
    assert [entry.action for entry in Entry.objects.order_by("pk")] == ["connection.pause", "connection.resume"]


# --- what pages say ---


def test_the_message_counts_in_the_singular_and_in_the_plural(admin):
    rows = [dead(1), dead(2)]
    one = act(admin, rows[0], "replay_events").wsgi_request
    assert "1 evento voltou a esperar." in [str(message) for message in one._messages]


def test_the_chain_of_an_event_is_shown_with_links(admin):
    first = event(1)
    second = event(2, caused_by=first.pk, depth=1)
    third = event(3, caused_by=second.pk, depth=2)
    page = shown(admin, second)
    for other in (first, third):
        assert f'href="/admin/events/event/{other.pk}/change/"' in page


def test_an_event_that_needs_nothing_does_not_look_like_a_failure(admin):
    event(1, state="done", outcome="unhandled", finished_at=timezone.now())
    page = shown(admin, Event.objects.get(), "changelist")
    assert "guardado; nada a fazer" in page


def test_a_time_has_seconds_and_no_time_is_of_1969(admin):
    box = Mailbox.objects.create(key="m")
    page = shown(admin, box, "changelist")
    assert "1969" not in page
    assert "1970" not in page
    moment = timezone.now().replace(microsecond=0)
    assert f"{timezone.localtime(moment):%H:%M:%S}" in with_seconds(moment)


def test_a_membership_shows_its_client_user_id_with_a_button_to_copy_it(admin):
    member = MembershipFactory()
    for view in ("changelist", "change"):
        page = shown(admin, member, view)
        assert f'data-copy="{member.pk}"' in page
        assert "clientUserId".casefold() in page.casefold()


def test_deleted_rows_are_hidden_until_somebody_asks_and_are_marked(admin):
    account = factories.AccountFactory()
    factories.TransactionFactory(account=account, description="Viva")
    factories.TransactionFactory(account=account, description="Apagada", deleted_at=timezone.now())
    url = reverse("admin:banking_transaction_changelist")
    usual, every, only = (admin.get(url + query).content.decode() for query in ("", "?deleted=all", "?deleted=only"))
    assert "Viva" in usual
    assert "Apagada" not in usual
    assert "<s>Apagada</s>" in every
    assert "Viva" not in only


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("state=dead", {"e-1"}),
        ("outcome=synced", {"e-2"}),
        ("outcome=parked", {"e-3"}),
        ("kind=item/error", {"e-2"}),
        ("source=ponte", {"e-4"}),
        ("mailbox=box", {"e-3"}),
        ("q=box:1", {"e-4"}),
        ("q=e-2", {"e-2"}),
    ],
)
def test_events_are_found_by_state_outcome_kind_source_and_mailbox(admin, query, ids):
    dead(1)
    event(2, state="done", outcome="synced", finished_at=timezone.now(), kind="item/error")
    event(3, outcome="parked", mailbox="box")
    event(4, source="ponte", mailbox="box:1", kind="x")
    answer = admin.get(f"{reverse('admin:events_event_changelist')}?{query}")
    assert answer.status_code == 200
    assert {row.event_id for row in answer.context["cl"].result_list} == ids


def test_an_account_is_found_by_its_whole_number_though_nobody_sees_it(admin):
    account = factories.AccountFactory()
    factories.AccountFactory()
    from apps.banking.models.base import indexed

    type(account).objects.filter(pk=account.pk).update(number_index=indexed("98765-4", "number"))
    answer = admin.get(reverse("admin:banking_account_changelist"), {"q": "98765-4"})
    assert [row.pk for row in answer.context["cl"].result_list] == [account.pk]


def test_connections_are_found_by_item_client_membership_and_bank(admin):
    bank = factories.ConnectorFactory(name="Banco do Brasil")
    row = factories.ConnectionFactory(connector=bank)
    factories.ConnectionFactory()
    for word in (row.vendor_id, str(row.client_id), str(row.member_id), "do brasil", str(row.pk)):
        answer = admin.get(reverse("admin:banking_connection_changelist"), {"q": word})
        assert [each.pk for each in answer.context["cl"].result_list] == [row.pk], word


# --- the first page ---


def test_the_first_page_needs_as_many_queries_however_much_there_is(admin, django_assert_max_num_queries):
    fill(range(1, 3))
    admin.get("/admin/")
    with django_assert_max_num_queries(32) as few:
        assert admin.get("/admin/").status_code == 200
    fill(range(3, 30))
    with django_assert_max_num_queries(len(few)):
        page = admin.get("/admin/").content.decode()
    assert "item_error" in page


def fill(numbers: range) -> None:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    for number in numbers:
        hour = now - timedelta(hours=number)
        Hour.objects.create(hour=hour, source="", kind="", accepted=number, dead=0)
        Hour.objects.create(hour=hour, source="pluggy", kind=f"k-{number}", accepted=number, dead=0)
        SyncHour.objects.create(hour=hour, connector=number, state="failed", error_type="item_error", runs=1, seconds=1)
        SyncHour.objects.create(hour=hour, state="", runs=1, seconds=1)
        dead(100 + number)


def test_each_number_of_the_first_page_links_to_its_list(admin):
    dead()
    factories.ConnectionFactory()
    page = admin.get("/admin/").content.decode()
    links = set(re.findall(r'class="ponte-number" href="([^"]+)"', page))
    assert len(links) > 10
    for link in links:
        assert admin.get(link.replace("&amp;", "&")).status_code == 200, link


def test_a_person_sees_only_cards_of_what_they_may_see(client):
    client.force_login(UserFactory(is_staff=True))
    page = client.get("/admin/").content.decode()
    assert "Eventos por estado" not in page
    assert "Respostas a webhooks" in page


@pytest.mark.parametrize(("language", "word"), [("pt-br", "Visão geral"), ("en", "Overview")])
def test_the_admin_speaks_both_languages_and_is_called_ponte(admin, language, word):
    page = admin.get("/admin/", headers={"accept-language": language}).content.decode()
    assert word in page
    assert "Ponte" in page
    assert "Django" not in page
