"""Connecting services, testing them, and sending through them."""

import re

import requests
from playwright.sync_api import expect


def test_a_mail_server_and_github_are_connected_tested_and_used(open_page, person, mail, github, axe, watch):
    page = open_page(person)
    where = requests.get(f"{mail.url}/_sandbox/smtp", timeout=10).json()
    page.goto("/integrations/connect/smtp/")
    page.get_by_label("Servidor de e-mail").fill(where["host"])
    page.get_by_label("Porta").fill(str(where["plain"]))
    page.get_by_label("Criptografia").select_option("none")
    page.get_by_label("Usuário").fill(where["username"])
    page.get_by_label("Senha").fill("senha-errada")
    page.get_by_label("Endereço do remetente").fill("nota@example.com")
    watch.allow("^422 POST .*/connect/smtp/$")
    page.get_by_role("button", name="Testar e conectar").click()
    expect(page.get_by_role("alert")).to_contain_text("não aceita este usuário e esta senha")
    page.get_by_label("Senha").fill(where["password"])
    page.get_by_role("button", name="Testar e conectar").click()
    expect(page.get_by_text("está conectado e funciona")).to_be_visible()
    # Nothing else is loaded for what follows: the state, and then the message, appear in place.
    page.get_by_role("button", name="Testar", exact=True).click()
    expect(page.locator("#state")).to_contain_text(re.compile(r"Funciona: o serviço respondeu em \d+ ms"))
    page.get_by_label("Endereço de e-mail").fill("eva@example.com")
    page.get_by_role("button", name="Enviar").click()
    expect(page.locator("#send-state .badge")).to_have_text("Enviada")
    assert "Uma mensagem de teste" in mail.texts("eva@example.com")[0]
    axe(page)
    # GitHub sends her back at once, because she is signed in there.
    page.goto("/integrations/oauth/github/")
    page.get_by_role("button", name="Ir para GitHub").click()
    expect(page.get_by_text("GitHub está conectado.")).to_be_visible()
    expect(page.locator("#state .badge")).to_have_text("Conectado")
    page.get_by_role("link", name="Integrações").first.click()
    expect(page.get_by_role("article").filter(has_text="GitHub")).to_contain_text("Conectado")
    axe(page)
