"""From signing up to the transactions, and what a person does with them."""

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from browser import widget
from browser.conftest import PASSWORD


def test_somebody_signs_up_connects_a_bank_watches_it_arrive_and_sees_the_transactions(page, mail):
    page.goto("/account/signup/")
    page.locator("input[name=email]").fill("ana@example.com")
    page.locator("input[name=password1]").fill(PASSWORD)
    page.locator("form").filter(has=page.locator("input[name=password1]")).get_by_role("button").first.click()
    expect(page).to_have_url(re.compile("/account/confirm-email/$"))
    page.goto(mail.link("ana@example.com", "/account/confirm-email/"))
    if (confirm := page.get_by_role("button", name="Confirmar")).count():
        confirm.click()
    page.get_by_role("link", name="Conectar um banco").first.click()
    expect(page).to_have_url(re.compile("/connections/connect/$"))
    widget.sign_in(page)
    page.wait_for_url("**/connections/connect/progress/**")
    progress = page.locator("#progress")
    expect(progress).to_have_attribute("data-stage", "done")
    progress.get_by_role("link", name="Ver as transações").click()
    expect(page).to_have_url(re.compile("/transactions/$"))
    expect(page.locator(".movement").nth(5)).to_be_visible()


@pytest.fixture
def banked(person, bank, settled):
    """A person whose bank has been read. Returns the item's id."""
    item = bank.connect(person.membership)
    settled()
    return item


def test_transactions_are_searched_edited_and_downloaded(open_page, person, banked):
    from apps.banking.models import Transaction
    from apps.banking.rows.words import index_words

    index_words()
    page = open_page(person)
    page.goto("/transactions/")
    row = page.locator("#list .movement").first
    title = row.locator("strong").inner_text()
    row.get_by_role("link", name=re.compile("^Editar")).click()
    page.get_by_label("Nota").fill("presente de aniversário")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("presente de aniversário")).to_be_visible()
    assert Transaction.objects.get(note="presente de aniversário")
    page.goto("/transactions/?q=aniversario")
    expect(page.locator("#list .movement")).to_have_count(1)
    expect(page.locator("#list .movement strong")).to_have_text(title)
    page.get_by_text("Baixar").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("CSV com vírgula")).click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert len(rows) == 1


def test_without_scripts_the_pages_work_too(open_page, person, banked):
    page = open_page(person, java_script_enabled=False)
    page.goto("/")
    page.get_by_role("link", name="Transações", exact=True).first.click()
    page.locator("#list .movement a").first.click()
    page.get_by_label("Nota").fill("sem script")
    page.get_by_role("button", name="Salvar").click()
    page.goto("/transactions/")
    expect(page.get_by_text("sem script")).to_be_visible()


def test_a_broken_connection_says_so_and_leads_to_its_repair(open_page, person, bank, banked, settled):
    bank.fail(banked, "INVALID_CREDENTIALS")
    settled()
    page = open_page(person)
    page.goto("/connections/")
    card = page.locator("article.card")
    expect(card).to_contain_text("O banco não aceita mais")
    card.get_by_role("link", name="Conectar de novo").click()
    expect(page.get_by_role("button", name="Reconectar")).to_be_enabled()
