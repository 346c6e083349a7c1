"""Every page in both themes, on a phone and a desktop, in both languages, checked by an accessibility engine."""

import pytest
from playwright.sync_api import expect

from browser import places
from browser.conftest import DESKTOP, PHONE

# What the engine finds in the admin and is not ours to mend: a part of its line, and whose it is.
THEIRS = {
    "help-tooltip search-label-icon": "Django's script labels the icon of its choice of groups, on pages of superusers",
}


@pytest.fixture
def banked(person, bank, settled):
    """A person with two banks, one of which needs them."""
    bank.connect(person.membership)
    broken = bank.connect(person.membership, connector=0)
    settled()
    bank.fail(broken, "INVALID_CREDENTIALS")
    settled()
    return person


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", DESKTOP), ("dark", PHONE)], ids=["light-desktop", "dark-phone"]
)
def test_every_page_of_a_person_is_accessible(open_page, banked, axe, scheme, viewport):
    page = open_page(banked, color_scheme=scheme, viewport=viewport)
    problems = []
    for path in places.of_person():
        assert page.goto(path).ok, path
        problems += axe.look(page)
        # On a phone nothing is wider than the screen, else the page itself would scroll sideways.
        if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            problems.append(f"{path} is wider than the screen")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", DESKTOP), ("dark", PHONE)], ids=["light-desktop", "dark-phone"]
)
def test_the_pages_of_staff_are_accessible(open_page, make_person, banked, axe, scheme, viewport):
    page = open_page(make_person("eva", staff=True), color_scheme=scheme, viewport=viewport)
    problems = []
    for path in places.of_staff():
        assert page.goto(path).ok, path
        problems += [one for one in axe.look(page) if not any(part in one for part in THEIRS)]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_a_stranger_is_accessible(open_page, axe, watch, scheme):
    page = open_page(color_scheme=scheme)
    watch.allow("^404 GET .*/missing/$")
    problems = []
    for path in ("/account/login/", "/account/signup/", "/account/password/reset/", "/missing/"):
        page.goto(path)
        problems += axe.look(page)
    assert not problems, "\n".join(problems)


def test_an_empty_account_teaches_what_to_do(open_page, person, axe):
    page = open_page(person)
    for path in ("/", "/connections/", "/accounts/", "/transactions/"):
        assert page.goto(path).ok
        expect(page.get_by_role("link", name="Conectar um banco").first).to_be_visible()
        axe(page)


def test_the_colours_follow_the_device(open_page, person):
    colours = []
    for scheme in ("light", "dark"):
        page = open_page(person, color_scheme=scheme)
        page.goto("/")
        colours.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(set(colours)) == 2


def test_the_language_is_switched_and_stays(open_page, person):
    page = open_page(person)
    page.goto("/connections/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Conexões")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Connections")
    page.goto("/transactions/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Português").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Transações")


def test_on_a_phone_the_menu_unfolds(open_page, person):
    page = open_page(person, viewport=PHONE)
    page.goto("/")
    entry = page.get_by_role("link", name="Transações", exact=True)
    page.locator("#menu summary").click()
    entry.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Transações")
