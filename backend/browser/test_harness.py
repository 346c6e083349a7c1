"""The running stack and the browser's fixtures themselves."""

import re

import pytest
from playwright.sync_api import expect

from apps.banking.models import Transaction


def test_the_probe_of_the_running_server_shows_in_a_browser(page):
    page.goto("/health/live")
    expect(page.locator("body")).to_contain_text("alive")


def test_staff_see_the_admin_with_their_session_and_others_are_asked_to_sign_in(open_page, make_person):
    staff, stranger = open_page(make_person("eva", staff=True)), open_page()
    assert staff.goto("/admin/events/event/").ok
    expect(staff).to_have_url(re.compile("/admin/events/event/$"))
    stranger.goto("/admin/events/event/")
    expect(stranger).to_have_url(re.compile("/account/login/"))


def test_a_bank_connected_through_the_api_arrives_by_webhook(bank, person, settled, wait_until):
    for _ in range(2):
        item = bank.connect(person.membership)
        rows = Transaction.objects.filter(account__connection__vendor_id=item)
        wait_until(rows.exists, 60, "the first transactions")
    settled()
    assert Transaction.objects.filter(client=person.client).exists()


def test_the_next_test_begins_with_an_empty_database_and_a_worker_that_still_hears(bank, person, wait_until):
    assert not Transaction.objects.exists()
    item = bank.connect(person.membership)
    wait_until(Transaction.objects.filter(account__connection__vendor_id=item).exists, 60, "the first transactions")


def test_a_problem_in_a_page_is_noticed_unless_it_was_declared(page, watch):
    page.goto("/missing/")
    page.evaluate("console.error('a script failed')")
    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    assert [line.partition(" ")[0] for line in watch.unexpected()] == ["404", "console", "error"]
    watch.allow("^404 GET .*/missing/$", "a script failed", "thrown")
    assert watch.unexpected() == []


def test_a_page_that_breaks_a_rule_of_accessibility_fails_with_the_rule_and_the_place(page, axe):
    page.set_content("<html lang=pt-BR><title>a</title><main><h1>a</h1><p>b</p></main>")
    axe(page)
    page.set_content("<html lang=pt-BR><title>a</title><main><h1>a</h1><input id=unnamed></main>")
    with pytest.raises(AssertionError, match=r"label: .*id=.unnamed"):
        axe(page)


def test_a_picture_of_a_page_is_kept(page, screenshot):
    page.goto("/health/live")
    file = screenshot(page, "a-picture")
    assert file.read_bytes().startswith(b"\x89PNG")
    file.unlink()
