"""Connecting a bank in a real browser: the widget, its errors, what a closed tab leaves, and the repair."""

import re
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from browser.conftest import PHONE

CONNECT = "/connections/connect/"
ARRIVED = re.compile("Conectado")


def widget(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title=Pluggy]")


def begin(page: Page, bank: str = "Pluggy Bank", user: str = "user-ok", password: str = "password-ok") -> FrameLocator:
    """Open the widget, choose the bank, and send the login."""
    page.goto(CONNECT)
    page.get_by_role("button", name="Conectar um banco").click()
    frame = widget(page)
    frame.get_by_label("Buscar instituição").fill(bank)
    frame.get_by_role("button", name=bank, exact=True).click()
    frame.get_by_label("Usuário").fill(user)
    frame.get_by_label("Senha").fill(password)
    frame.get_by_role("button", name="Continuar").click()
    return frame


def expect_progress(page: Page, stage: str) -> None:
    page.wait_for_url("**/connections/connect/progress/**")
    expect(page.locator("#progress")).to_have_attribute("data-stage", stage)


@pytest.fixture
def page(open_page: Any, person: Any) -> Page:
    return open_page(person)


def test_a_bank_is_connected_and_its_data_arrives(page, axe, person, bank):
    from apps.banking.models import Connection, Transaction

    begin(page)
    expect_progress(page, "done")
    expect(page.get_by_text("Seus dados chegaram.")).to_be_visible()
    axe(page)
    connection = Connection.objects.get()
    assert connection.client_id == person.client.pk
    told = bank.state(connection.vendor_id)["transactions"]
    assert Transaction.objects.count() == sum(map(len, told.values())) > 0


def test_the_page_of_connecting_is_accessible(page, axe, watch):
    # axe sends messages to the frame, which is another server's.
    watch.allow("postMessage")
    page.goto(CONNECT)
    expect(page.get_by_role("heading", name="Conectar um banco")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Conectar um banco").click()
    expect(widget(page).get_by_label("Buscar instituição")).to_be_visible()
    axe(page)


def test_it_works_with_the_keyboard_alone_on_a_phone_in_the_dark(open_page, person):
    page = open_page(person, viewport=PHONE, color_scheme="dark")
    page.goto(CONNECT)
    page.get_by_role("button", name="Conectar um banco").press("Enter")
    frame = widget(page)
    frame.get_by_label("Buscar instituição").fill("Classic")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    frame.get_by_label("Usuário").fill("user-ok")
    frame.get_by_label("Senha").fill("password-ok")
    page.keyboard.press("Enter")
    expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
    expect_progress(page, "done")


def test_in_english_everything_is_english(open_page, person):
    page = open_page(person, locale="en")
    page.goto(CONNECT)
    page.get_by_role("button", name="Connect a bank").click()
    expect(widget(page).get_by_label("Search institutions")).to_be_visible()


@pytest.mark.parametrize(
    ("user", "password", "in_the_widget", "afterwards"),
    [
        ("user-locked", "password-ok", "O banco bloqueou o acesso", "O banco bloqueou o seu acesso."),
        ("user-ok", "wrong-password", "Usuário ou senha incorretos", "O banco não aceita mais esta conexão."),
        ("user-unavailable", "password-ok", "O banco está fora do ar", "Não é possível ler o banco"),
    ],
)
def test_a_failure_is_told_in_the_widget_and_on_the_page(page, user, password, in_the_widget, afterwards):
    frame = begin(page, user=user, password=password)
    expect(frame.get_by_role("alert")).to_contain_text(in_the_widget)
    frame.get_by_role("button", name="Fechar", exact=True).last.click()
    expect_progress(page, "failed")
    expect(page.get_by_role("alert")).to_contain_text(afterwards)


def test_a_wrong_password_is_corrected_in_the_widget(page):
    frame = begin(page, password="wrong-password")
    frame.get_by_role("button", name="Tentar de novo").click()
    frame.get_by_label("Usuário").fill("user-ok")
    frame.get_by_label("Senha").fill("password-ok")
    frame.get_by_role("button", name="Continuar").click()
    expect_progress(page, "done")


def test_a_broken_connection_is_repaired_with_its_history(page, bank, person, settled):
    from apps.banking.connect.finish import finish
    from apps.banking.models import Connection

    item = bank.connect(person.membership)
    connection = finish(person.membership, item)
    settled()
    bank.fail(item, "INVALID_CREDENTIALS")
    settled()
    page.goto(f"{CONNECT}progress/{item}/")
    page.get_by_role("link", name="Conectar de novo").click()
    page.get_by_role("button", name="Reconectar").click()
    frame = widget(page)
    expect(frame.get_by_label("Usuário")).to_be_visible()
    expect(page.locator("[data-connect-open]")).to_have_text("Reconectar")
    frame.get_by_label("Usuário").fill("user-ok")
    frame.get_by_label("Senha").fill("password-ok")
    frame.get_by_role("button", name="Continuar").click()
    expect_progress(page, "done")
    assert Connection.objects.get().pk == connection.pk


# --- second factors ---


def test_a_code_in_one_step(page):
    page.goto(CONNECT)
    page.get_by_role("button", name="Conectar um banco").click()
    frame = widget(page)
    frame.get_by_role("button", name="Pluggy Bank MFA 1 step").click()
    frame.get_by_label("Usuário").fill("user-ok")
    frame.get_by_label("Senha").fill("password-ok")
    frame.get_by_label("Código do aplicativo").fill("123456")
    frame.get_by_role("button", name="Continuar").click()
    expect_progress(page, "done")


@pytest.mark.parametrize(
    ("user", "label"), [("user-ok-phone", "Código recebido"), ("user-ok-img", "O que diz a imagem?")]
)
def test_a_code_in_two_steps(page, user, label):
    frame = begin(page, user=user)
    frame.get_by_label(label).fill("123456")
    frame.get_by_role("button", name="Continuar").click()
    expect_progress(page, "done")


def test_a_choice_in_two_steps(page):
    frame = begin(page, user="user-ok-select")
    frame.get_by_label("Por onde receber o código?").select_option("email")
    frame.get_by_role("button", name="Continuar").click()
    expect_progress(page, "done")


def test_a_qr_code_is_read_with_the_banks_app(page):
    begin(page, "Pluggy Bank QR")
    expect_progress(page, "done")


def test_the_banks_own_page_gives_the_permission(page):
    page.goto(CONNECT)
    page.get_by_role("button", name="Conectar um banco").click()
    frame = widget(page)
    frame.get_by_role("button", name="MockBank Open Finance").click()
    frame.get_by_label("CPF").fill("761.092.776-73")
    frame.get_by_role("button", name="Continuar").click()
    with page.context.expect_page() as popup:
        frame.get_by_role("button", name="Ir para o banco").click()
    popup.value.get_by_role("button", name="Autorizar").click()
    expect_progress(page, "done")


# --- when something fails ---


def test_a_script_that_is_gone_is_said_and_can_be_tried_again(page, bank, watch):
    watch.allow("404 .*/pluggy-connect.js", "ERR_BLOCKED_BY_ORB .*/pluggy-connect.js")
    bank.fault("error", "GET /pluggy-connect.js", status=404, count=1)
    page.goto(CONNECT)
    page.get_by_role("button", name="Conectar um banco").click()
    expect(page.get_by_role("alert")).to_have_text("Erro ao carregar componente de conexão. Verifique sua conexão.")
    expect(page.locator("[data-connect]")).to_have_attribute("data-state", "error")
    page.get_by_role("button", name="Tentar novamente").click()
    expect(widget(page).get_by_label("Buscar instituição")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_script_that_hangs_ends_in_an_error_and_not_in_waiting(page, bank, wait_until):
    from apps.banking.models import WidgetFigure

    bank.fault("hang", "GET /pluggy-connect.js", seconds=40, count=1)
    page.goto(CONNECT)
    page.get_by_role("button", name="Conectar um banco").click()
    expect(page.get_by_text("Conectando com segurança...")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Erro ao carregar componente de conexão")
    figures = WidgetFigure.objects.filter(kind="sdk_failed")
    wait_until(lambda: list(figures.values_list("code", flat=True)) == ["TIMEOUT"], 10, "the figure")


def test_a_token_that_cannot_be_made_is_said(page, bank, watch):
    watch.allow("50[0-9] POST .*/connections/connect/")
    bank.fault("500", "POST /connect_token")
    page.goto(CONNECT)
    page.get_by_role("button", name="Conectar um banco").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "Erro ao conectar com o serviço. Tente novamente em alguns minutos."
    )


def test_a_tab_that_is_closed_midway_loses_nothing(open_page, person, settled, wait_until):
    from apps.banking.models import Connection, Transaction

    page = open_page(person)
    frame = begin(page, user="user-ok-phone")
    expect(frame.get_by_label("Código recebido")).to_be_visible()
    page.close()
    wait_until(Connection.objects.exists, 20, "the connection")
    back = open_page(person)
    back.goto(CONNECT)
    item = Connection.objects.get().vendor_id
    back.goto(f"{CONNECT}progress/{item}/")
    back.get_by_label("Código recebido").fill("123456")
    back.get_by_role("button", name="Enviar ao banco").click()
    expect_progress(back, "done")
    settled()
    assert Transaction.objects.exists()


def test_a_window_that_is_closed_before_a_bank_was_chosen_changes_nothing(page):
    page.goto(CONNECT)
    page.get_by_role("button", name="Conectar um banco").click()
    widget(page).get_by_role("button", name="Fechar").click()
    expect(page.get_by_text("A janela foi fechada antes de conectar um banco.")).to_be_visible()
    expect(page.get_by_role("button", name="Conectar um banco")).to_be_enabled()


def test_the_token_stays_nowhere_in_the_page(page):
    tokens: list[str] = []
    page.on("response", lambda answer: tokens.append(answer.json()["token"]) if _made_token(answer) else None)
    page.goto(CONNECT)
    page.get_by_role("button", name="Conectar um banco").click()
    expect(widget(page).get_by_label("Buscar instituição")).to_be_visible()
    (token,) = tokens
    assert token not in page.content()
    assert token not in page.evaluate("JSON.stringify([localStorage, sessionStorage, location.href])")


def _made_token(answer: Any) -> bool:
    return answer.request.method == "POST" and answer.url.endswith(CONNECT)


def test_the_figures_say_how_the_widget_did(page, wait_until):
    from apps.banking.models import WidgetFigure

    begin(page)
    expect_progress(page, "done")
    kinds = {"sdk_loaded", "token_made", "opened", "succeeded"}
    wait_until(lambda: kinds <= set(WidgetFigure.objects.values_list("kind", flat=True)), 10, "the figures")
    assert not WidgetFigure.objects.filter(kind__in=("failed", "sdk_failed")).exists()
