"""The connect pages: the token, what the browser hands over, and who may do it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.banking.connect import turns
from apps.banking.factories import ConnectionFactory
from apps.banking.models import Connection, WidgetFigure
from apps.clients.factories import MembershipFactory
from apps.clients.models import Membership

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def member() -> Membership:
    return MembershipFactory(role="owner")


@pytest.fixture
def signed_in() -> Callable[[Membership], Client]:
    def sign_in(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user)
        return client

    return sign_in


@pytest.fixture
def visitor(member: Membership, signed_in: Callable[[Membership], Client]) -> Client:
    return signed_in(member)


def token_answer(visitor: Client, address: str = "") -> tuple[int, dict[str, Any]]:
    answer = visitor.post(address or reverse("banking:connect"), headers=JSON)
    return answer.status_code, answer.json()


# --- the page ---


def test_the_page_has_the_widgets_options_and_no_token(bank, visitor, settings):
    settings.CONNECT_COUNTRIES = ["BR"]
    page = visitor.get(reverse("banking:connect"))
    text = page.content.decode()
    assert "data-connect" in text
    assert "countries" in text
    assert "eyJ" not in text
    assert "POST /connect_token" not in bank.calls()


def test_only_the_pages_with_the_widget_allow_its_script_its_frame_and_its_style(bank, visitor, settings):
    settings.PLUGGY_CONNECT_SDK_URL = f"{bank.url}/pluggy-connect.js"
    policy = visitor.get(reverse("banking:connect")).headers["Content-Security-Policy"]
    assert f"frame-src {bank.url};" in policy + ";"
    assert f"{bank.url}/pluggy-connect.js" in policy
    assert "style-src-elem 'self' 'unsafe-inline'" in policy
    assert "unsafe-eval" not in policy
    other = visitor.get(reverse("banking:credentials")).headers["Content-Security-Policy"]
    assert bank.url not in other
    assert "unsafe-inline" not in other


def test_the_pages_are_for_those_who_are_signed_in():
    for name in ("connect", "take-over", "credentials", "connect-return"):
        answer = Client().get(reverse(f"banking:{name}"))
        assert answer.status_code == 302
        assert "next=" in answer.headers["Location"]


def test_without_settings_the_page_is_kind_and_staff_see_which_variable(visitor, member, settings):
    settings.PLUGGY_CLIENT_ID = ""
    text = visitor.get(reverse("banking:connect"), headers={"Accept-Language": "pt-BR"}).content.decode()
    assert "Configuração incompleta. Verifique as variáveis de ambiente." in text
    assert "PLUGGY_CLIENT_ID" not in text
    assert "data-connect-open" not in text
    member.user.is_staff = True
    member.user.save()
    assert "PLUGGY_CLIENT_ID" in visitor.get(reverse("banking:connect")).content.decode()


def test_the_seeds_messages_are_in_the_page_word_for_word(bank, visitor):
    page = visitor.get(reverse("banking:connect"), headers={"Accept-Language": "pt-BR"})
    assert (
        json.loads(page.context["texts_json"]).items()
        >= {
            "loading": "Conectando com segurança...",
            "sdk": "Erro ao carregar componente de conexão. Verifique sua conexão.",
            "api": "Erro ao conectar com o serviço. Tente novamente em alguns minutos.",
            "widget": "Erro ao inicializar conexão. Tente gerar um novo token.",
        }.items()
    )


def test_a_flag_switches_connecting_off(bank, visitor, settings):
    settings.CONNECT_PAGE = False
    page = visitor.get(reverse("banking:connect"))
    assert page.status_code == 404
    assert b"data-connect" not in page.content
    assert visitor.post(reverse("banking:connect"), headers=JSON).status_code == 404
    assert "POST /connect_token" not in bank.calls()


def test_what_is_under_way_is_shown_to_somebody_who_comes_back(bank, visitor, member):
    item = bank.connect(member)
    visitor.post(reverse("banking:connect-finish"), {"item": item}, headers=JSON)
    ConnectionFactory(state="connecting")
    page = visitor.get(reverse("banking:connect")).content.decode()
    assert page.count("/connections/connect/progress/") == 1
    assert item in page


# --- the token ---


def test_the_token_is_made_when_asked_for_and_counted(bank, visitor, member):
    status, body = token_answer(visitor)
    assert (status, body["success"], body["application"]) == (200, True, "")
    assert body["token"].count(".") == 2
    figure = WidgetFigure.objects.get()
    assert (figure.kind, figure.count, figure.sdk_version) == ("token_made", 1, "v2.9.2")


def test_the_token_is_neither_stored_nor_logged_nor_kept_by_a_browser(bank, visitor, caplog):
    with caplog.at_level("DEBUG"):
        answer = visitor.post(reverse("banking:connect"), headers=JSON)
    assert answer.json()["token"] not in caplog.text
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.json()["token"] not in str(dict(visitor.session))


def test_a_form_of_another_site_gets_no_token(bank, member):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member.user)
    assert strict.post(reverse("banking:connect")).status_code == 403
    assert "POST /connect_token" not in bank.calls()


def test_a_viewer_may_look_and_not_connect(bank, signed_in):
    viewer = signed_in(MembershipFactory(role="viewer"))
    assert b"data-connect-open" not in viewer.get(reverse("banking:connect")).content
    for name in ("connect", "connect-finish", "take-over", "credentials", "connect-report"):
        assert viewer.post(reverse(f"banking:{name}")).status_code == 403
    assert "POST /connect_token" not in bank.calls()


@pytest.mark.parametrize(
    ("kind", "status"),
    [("500", 503), ("429", 503), ("reset", 503), ("truncate", 502)],
)
def test_while_pluggy_fails_the_answer_says_to_try_later(bank, visitor, kind, status):
    bank.fault(kind, "POST /connect_token")
    found, body = token_answer(visitor)
    assert (body["success"], set(body)) == (False, {"success", "error", "error_code", "details", "timestamp"})
    assert found in (status, 503)
    assert body["error_code"]
    assert WidgetFigure.objects.get().kind == "token_failed"


def test_too_many_tokens_are_told_as_the_persons_own_doing(bank, visitor, monkeypatch):
    monkeypatch.setattr(turns, "CALLS_A_MINUTE", 1)
    visitor.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert token_answer(visitor)[0] == 200
    status, body = token_answer(visitor)
    assert (status, body["error_code"]) == (429, "TOO_OFTEN")
    assert "Wait a minute" in body["error"]
    address = reverse("banking:credentials")
    for _ in range(2):
        text = visitor.post(address, {"label": "x", "key": "k", "secret": "s"}).content.decode()
    assert "Wait a minute" in text


def test_missing_settings_are_named_to_staff_alone(visitor, member, settings):
    settings.PLUGGY_CLIENT_SECRET = ""
    status, body = token_answer(visitor)
    assert (status, body["error_code"], body["details"]) == (503, "INCOMPLETE_CONFIGURATION", {})
    member.user.is_staff = True
    member.user.save()
    assert token_answer(visitor)[1]["details"] == {"missing": ["PLUGGY_CLIENT_SECRET"]}


def test_credentials_that_pluggy_refuses_are_no_traceback(bank, visitor, settings):
    settings.PLUGGY_CLIENT_SECRET = "pluggy_sk_wrong"
    status, body = token_answer(visitor)
    assert (status, body["error_code"]) == (503, "CLIENT_KEYS_UNAUTHORIZED")
    assert "pluggy_sk_wrong" not in str(body)


# --- repairing ---


def test_a_token_to_repair_is_for_that_item_alone(bank, visitor, member):
    item = bank.connect(member)
    connection = ConnectionFactory(client=member.client, member=member, vendor_id=item)
    page = visitor.get(reverse("banking:reconnect", args=[connection.pk]))
    assert json.loads(page.context["options"])["updateItem"] == item
    assert token_answer(visitor, reverse("banking:reconnect", args=[connection.pk]))[0] == 200


@pytest.mark.parametrize("name", ["reconnect", "disconnect", "answer"])
def test_another_clients_connection_is_not_there(bank, visitor, name):
    foreign = ConnectionFactory()
    address = reverse(f"banking:{name}", args=[foreign.pk])
    if name != "answer":
        assert visitor.get(address).status_code == 404
    assert visitor.post(address, {"data": "erase", "value": "1"}).status_code == 404
    foreign.refresh_from_db()
    assert foreign.disconnect_asked_at is None


# --- finishing ---


def test_the_browser_names_the_item_and_is_sent_to_its_progress(bank, visitor, member):
    item = bank.connect(member)
    answer = visitor.post(reverse("banking:connect-finish"), {"item": item})
    assert answer.headers["Location"] == reverse("banking:connect-progress", args=[item])
    assert Connection.objects.get().client_id == member.client_id


def test_a_script_may_finish_twice(bank, visitor, member):
    item = bank.connect(member)
    for _ in range(2):
        assert visitor.post(reverse("banking:connect-finish"), {"item": item}, headers=JSON).status_code == 204
    assert Connection.objects.count() == 1


def test_nobody_takes_another_members_item(bank, visitor):
    item = bank.connect(MembershipFactory())
    answer = visitor.post(reverse("banking:connect-finish"), {"item": item}, headers=JSON)
    assert (answer.status_code, answer.json()["error_code"]) == (404, "NOT_YOURS")
    assert visitor.get(reverse("banking:connect-progress", args=[item])).status_code == 404
    assert not Connection.objects.exists()


@pytest.mark.parametrize("form", [{}, {"item": "x"}, {"item": "../../auth"}])
def test_what_is_no_item_id_reaches_nobody(bank, visitor, form):
    assert visitor.post(reverse("banking:connect-finish"), form, headers=JSON).status_code == 400
    assert visitor.post(reverse("banking:connect-finish"), form).headers["Location"] == reverse("banking:connect")
    assert "GET /items/{id}" not in bank.calls()


def test_a_bank_that_is_connected_already_is_repaired_and_not_doubled(bank, visitor, member):
    item = bank.connect(member)
    form = {"item": item, "reason": "ITEM_USER_ALREADY_EXISTS"}
    answer = visitor.post(reverse("banking:connect-finish"), form)
    connection = Connection.objects.get()
    assert answer.headers["Location"] == reverse("banking:reconnect", args=[connection.pk])


def test_the_duplicate_of_somebody_else_is_not_shown(bank, visitor):
    form = {"item": bank.connect(MembershipFactory()), "reason": "ITEM_USER_ALREADY_EXISTS"}
    answer = visitor.post(reverse("banking:connect-finish"), form)
    assert answer.headers["Location"] == reverse("banking:connect")
    assert not Connection.objects.exists()
