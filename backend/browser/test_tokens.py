"""A person makes a token on the page and a program reads with it; the API's documentation works under its policy."""

import re

import pytest
import requests
from playwright.sync_api import expect

from browser.conftest import DESKTOP, PHONE


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_token_is_made_shown_once_used_and_revoked(open_page, person, live, axe, screenshot, viewport):
    page = open_page(person, viewport=viewport)
    page.goto("/settings/tokens/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tokens de acesso")
    axe(page)
    page.get_by_label("Nome", exact=True).fill("Planilha da casa")
    page.get_by_role("button", name="Criar token").click()
    text = page.locator("#token").inner_text()
    assert re.fullmatch(r"ponte_\w{46}", text)
    axe(page)
    screenshot(page, f"tokens-made-{viewport['width']}")
    headers = {"Authorization": f"Bearer {text}"}
    assert requests.get(f"{live.url}/api/transactions/", headers=headers, timeout=20).json()["transactions"] == []
    page.goto("/settings/tokens/")
    expect(page.locator("#token")).to_have_count(0)
    screenshot(page, f"tokens-{viewport['width']}")
    page.get_by_role("button", name="Revogar Planilha da casa").click()
    expect(page.get_by_text("revogado", exact=True)).to_be_visible()
    assert requests.get(f"{live.url}/api/transactions/", headers=headers, timeout=20).status_code == 401


def test_the_documentation_of_the_api_shows_and_tries_an_endpoint(open_page, person, screenshot):
    page = open_page(person)
    page.goto("/api/docs/")
    page.get_by_text("/api/me/", exact=False).first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_text('"via": "session"').first).to_be_visible()
    screenshot(page, "api-docs")
