"""Two people of two clients, and a member of the staff."""

import json
import re

import pytest
from playwright.sync_api import expect

from browser import places


@pytest.fixture
def banked(person, bank, settled):
    """A person whose bank has been read. Returns the item's id."""
    item = bank.connect(person.membership)
    settled()
    return item


def test_nothing_of_one_client_shows_to_another(open_page, make_person, person, banked, watch):
    from apps.banking.models import Account

    own, stranger = open_page(person), open_page(make_person("bia"))
    name = Account.objects.first().name
    details = [path for path in places.of_person() if re.search(r"\d", path)]
    assert len(details) > 3
    own.goto("/accounts/")
    expect(own.get_by_text(name).first).to_be_visible()
    watch.allow("^404 GET .*/\\d+/$")
    for path in details:
        assert own.request.get(path).status == 200, path
        assert stranger.goto(path).status == 404, path
    for path in set(places.of_person()) - set(details):
        stranger.goto(path)
        expect(stranger.get_by_text(name)).to_have_count(0)
    answer = stranger.request.get("/api/accounts/")
    assert answer.ok
    assert name not in answer.text()


def test_staff_replay_a_dead_event_and_the_worker_finishes_it(open_page, make_person, person, banked, settled):
    from apps.events.models import Event, Replay

    event = Event.objects.filter(kind="item/updated").first() or Event.objects.filter(source="pluggy").first()
    Event.objects.filter(pk=event.pk).update(state="dead", outcome="failed", error_code="SITE_NOT_AVAILABLE")
    page = open_page(make_person("eva", staff=True))
    page.goto("/admin/events/event/?state=dead")
    page.get_by_role("link", name=str(event.pk), exact=True).click()
    page.get_by_role("button", name=re.compile("Reprocessar|Replay|Repetir")).first.click()
    expect(page.get_by_text(re.compile("1 even"))).to_be_visible()
    settled()
    event.refresh_from_db()
    assert (event.state, event.error_code) == ("done", "")
    assert Replay.objects.get().actor == "eva"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staffs_pages_open_without_an_error(open_page, make_person, person, banked, scheme):
    page = open_page(make_person("eva", staff=True), color_scheme=scheme)
    for path in places.of_staff():
        assert page.goto(path).ok, path
        expect(page.locator("h1, h2").first).to_be_visible()


def test_a_program_reads_with_a_token_that_a_person_made(open_page, person, banked):
    page, program = open_page(person), open_page()
    page.goto("/settings/tokens/")
    page.get_by_label("Nome", exact=True).fill("planilha")
    page.get_by_label("ler dados", exact=True).check()
    page.get_by_role("button", name="Criar token").click()
    token = page.locator("#token").inner_text()
    answer = program.request.get("/api/accounts/", headers={"Authorization": f"Bearer {token}"})
    assert answer.ok, answer.text()
    assert '"id"' in answer.text()
    without = program.request.get("/api/accounts/")
    assert (without.status, json.loads(without.text())["success"]) == (401, False)
    page.goto("/settings/tokens/")
    expect(page.locator("#token")).to_have_count(0)


def test_staff_choose_all_rows_of_a_list_and_see_how_many(open_page, make_person, person, banked):
    from apps.events.models import Event

    page = open_page(make_person("eva", staff=True))
    page.goto("/admin/events/event/")
    page.get_by_role("checkbox", name="todos os").check()
    shown = min(Event.objects.count(), 30)
    expect(page.locator("input.action-select:checked")).to_have_count(shown)
    expect(page.locator(".action-counter")).to_contain_text(str(shown))
