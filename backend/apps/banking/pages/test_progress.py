"""The progress page: what it shows at each stage, and how often it asks again."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.banking.connect.finish import finish
from apps.banking.factories import ConnectionFactory
from apps.banking.models import Connection
from apps.banking.pages.progress import MOST_QUESTIONS, Shown, _wait
from apps.banking.pages.qr import qr_drawing
from apps.clients.factories import MembershipFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "Accept-Language": "pt-BR"}
PT = {"Accept-Language": "pt-BR"}


@pytest.fixture
def member():
    return MembershipFactory(role="owner")


@pytest.fixture
def visitor(member):
    client = Client()
    client.force_login(member.user)
    return client


def progress_page(visitor, item, **query):
    return visitor.get(reverse("banking:connect-progress", args=[item]), query, headers=PT)


def poll(visitor, item, **query) -> str:
    answer = visitor.get(reverse("banking:connect-progress", args=[item]), query, headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def test_from_the_bank_to_the_data(bank, visitor, member, work):
    item = bank.connect(member)
    first = progress_page(visitor, item)
    assert 'data-stage="reading"' in first.content.decode()
    finish(member, item)
    work()
    done = progress_page(visitor, item).content.decode()
    assert 'data-stage="done"' in done
    assert "hx-trigger" not in done


def test_a_question_gets_the_contents_only_if_they_changed(bank, visitor, member, work):
    item = bank.connect(member, "user-ok-phone")
    connection = finish(member, item)
    work()
    shown = progress_page(visitor, item).context["shown"]
    same = poll(visitor, item, seen=shown.seen, n="1")
    assert ('id="clock"' in same, 'id="progress"' in same) == (True, False)
    assert "n=2" in same
    visitor.post(reverse("banking:answer", args=[connection.pk]), {"value": "123456"})
    bank.settled(item)
    work()
    changed = poll(visitor, item, seen=shown.seen, n="2")
    assert ('hx-swap-oob="true"' in changed, 'data-stage="done"' in changed) == (True, True)


def test_it_asks_more_and_more_seldom_and_stops(bank, visitor, member):
    shown = Shown("item", "", None)
    assert [_wait(shown, number) for number in (0, 19, 20, 60, MOST_QUESTIONS)] == [2, 2, 5, 15, 0]
    item = bank.connect(member)
    finish(member, item)
    assert "hx-trigger" not in poll(visitor, item, n=str(MOST_QUESTIONS))
    assert "n=1" in poll(visitor, item, n="many")


@pytest.mark.parametrize(
    ("user", "words"),
    [("user-ok-img", "data:image/svg+xml"), ("user-ok-select", "<select"), ("user-ok-phone", 'inputmode="numeric"')],
)
def test_the_bank_asks_for_a_code_a_choice_or_a_word_in_a_picture(bank, visitor, member, work, user, words):
    item = bank.connect(member, user)
    connection = finish(member, item)
    work()
    page = progress_page(visitor, item).content.decode()
    assert 'data-stage="asked"' in page
    assert words in page
    visitor.post(reverse("banking:answer", args=[connection.pk]), {"value": "123456"})
    assert bank.settled(item)["executionStatus"] == "SUCCESS"


def test_a_qr_code_is_drawn_here(visitor, member):
    waiting = "WAITING_USER_ACTION"
    connection = ConnectionFactory(member=member, state="needs_user", status=waiting, execution_status=waiting)
    address = "https://bank.example/only-in-the-drawing"
    connection.extra = {"userAction": {"type": "qr", "instructions": "Leia o código.", "attributes": {"data": address}}}
    connection.save()
    page = progress_page(visitor, connection.vendor_id).content.decode()
    assert 'class="qr"' in page
    assert str(qr_drawing(address)) in page
    assert "Leia o código." in page
    assert address not in page


def test_a_code_holds_what_fits_and_nothing_of_it_is_written():
    drawing = qr_drawing('https://bank.example/<script>"')
    assert drawing.startswith("<svg")
    assert "script" not in drawing
    assert qr_drawing("") is None
    assert qr_drawing("x" * 2000) is None


def test_the_banks_own_page_is_a_link(bank, visitor, member, work):
    item = bank.connect(member, connector=600, parameters={"cpf": "761.092.776-73"})
    finish(member, item)
    work()
    page = progress_page(visitor, item).content.decode()
    assert f'href="{bank.url}/oauth/authorize?itemId={item}"' in page
    assert 'rel="noopener"' in page


def test_a_failure_says_what_happened_and_offers_the_repair(bank, visitor, member, work):
    item = bank.connect(member, "user-locked")
    connection = finish(member, item)
    work()
    page = progress_page(visitor, item).content.decode()
    assert 'data-stage="failed"' in page
    assert reverse("banking:reconnect", args=[connection.pk]) in page
    assert "ACCOUNT_LOCKED" not in page


def test_a_late_answer_is_told_kindly(bank, visitor, member, work):
    connection = finish(member, bank.connect(member))
    work()
    answer = visitor.post(reverse("banking:answer", args=[connection.pk]), {"value": "123456"}, follow=True)
    assert answer.status_code == 200
    assert "notice--bad" in answer.content.decode()


def test_while_pluggy_does_not_answer_the_page_says_so_and_asks_on(bank, visitor, member):
    item = bank.connect(member)
    bank.fault("500", "GET /items/{id}")
    page = progress_page(visitor, item)
    assert page.status_code == 200
    assert "hx-trigger" in page.content.decode()
    assert "Erro ao conectar com o serviço" in page.content.decode()


def test_a_viewer_sees_the_progress_and_no_form(bank, member, work):
    item = bank.connect(member, "user-ok-phone")
    finish(member, item)
    work()
    viewer = Client()
    viewer.force_login(MembershipFactory(client=member.client, role="viewer").user)
    page = progress_page(viewer, item).content.decode()
    assert 'name="value"' not in page
    assert 'data-stage="asked"' in page


def test_another_clients_progress_is_not_there(bank, member, work):
    item = bank.connect(member)
    finish(member, item)
    stranger = Client()
    stranger.force_login(MembershipFactory().user)
    assert progress_page(stranger, item).status_code == 404


# --- back from the bank ---


def test_coming_back_from_the_bank_makes_the_connection(bank, visitor, member):
    item = bank.connect(member)
    page = visitor.get(reverse("banking:connect-return"), {"itemId": item})
    assert page.status_code == 200
    assert reverse("banking:connect-progress", args=[item]) in page.content.decode()
    assert Connection.objects.get().vendor_id == item


@pytest.mark.parametrize("query", [{}, {"itemId": "nonsense"}])
def test_coming_back_with_nothing_makes_none(bank, visitor, query):
    assert visitor.get(reverse("banking:connect-return"), query).status_code == 200
    assert not Connection.objects.exists()


def test_coming_back_with_a_refusal_makes_none(bank, visitor, member):
    query = {"itemId": bank.connect(member), "message": "access_denied"}
    assert visitor.get(reverse("banking:connect-return"), query).context["refused"]
    assert not Connection.objects.exists()


def test_coming_back_with_anothers_item_makes_none(bank, visitor):
    item = bank.connect(MembershipFactory())
    assert visitor.get(reverse("banking:connect-return"), {"itemId": item}).status_code == 200
    assert not Connection.objects.exists()


def test_the_connections_page_leads_to_what_is_under_way(bank, visitor, member, work):
    item = bank.connect(member, "user-ok-phone")
    connection = finish(member, item)
    address = reverse("banking:connect-progress", args=[item])
    for page in (reverse("banking:connections"), reverse("banking:connection", args=[connection.pk])):
        assert address in visitor.get(page).content.decode()
    work()
    for page in (reverse("banking:connections"), reverse("banking:connection", args=[connection.pk])):
        assert address in visitor.get(page).content.decode()
