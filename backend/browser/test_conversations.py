"""Conversations in a browser: they look right on a phone and a desk, and an answer is sent once."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from browser.conftest import DESKTOP, PHONE


@pytest.fixture
def thread(person):
    """A conversation with a message in each state, whose contact wants no automatic messages."""
    from django.utils import timezone

    from apps.integrations.factories import ContactFactory, ConversationFactory, IntegrationFactory, MessageFactory
    from apps.integrations.models import Message
    from lib.row_security import client_rows

    owner, now = person.client, timezone.now()
    with client_rows(owner.pk):
        contact = ContactFactory(client=owner, name="Ana Exemplo", opted_out_at=now, opted_out_by="whatsapp")
        integration = IntegrationFactory(client=owner)
        made = ConversationFactory(contact=contact, integration=integration, assigned_to=person.user)
        for number, state in enumerate(Message.State.values):
            direction, content = ("in", "") if state == "received" else ("out", f"Olá {number} " + "x" * 60)
            at = now - timedelta(hours=30 - number)
            MessageFactory(conversation=made, direction=direction, state=state, content=content, at=at, length=9)
    return made


def test_they_are_accessible_in_both_looks_and_an_answer_appears(open_page, person, thread, axe):
    problems = []
    for scheme, viewport in (("light", DESKTOP), ("dark", PHONE)):
        page = open_page(person, color_scheme=scheme, viewport=viewport)
        for path in (f"/contacts/{thread.contact_id}/", "/conversations/", f"/conversations/{thread.pk}/"):
            assert page.goto(path).ok, path
            problems += axe.look(page)
            if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
                problems.append(f"{path} is wider than the screen")
    assert not problems, "\n".join(problems)
    page.get_by_label("Resposta").fill("Até amanhã")
    page.get_by_role("button", name="Enviar").click()
    expect(page.get_by_text("Respondida")).to_be_visible()
    expect(page.get_by_text("Texto, 10 letras")).to_be_visible()


# Whether the text of an empty field is shown whole.
SHOWS_PLACEHOLDER = """input => {
    const style = getComputedStyle(input), pen = document.createElement("canvas").getContext("2d");
    pen.font = style.font;
    const room = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return pen.measureText(input.placeholder).width <= room;
}"""


def test_what_the_search_wants_can_be_read_on_a_phone(open_page, person, thread):
    page = open_page(person, viewport=PHONE)
    assert page.goto("/conversations/").ok
    assert page.get_by_label("Encontrar um contato").evaluate(SHOWS_PLACEHOLDER)
