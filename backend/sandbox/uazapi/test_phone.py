"""The phone's page: a person writes as a contact, and reads."""

import pytest

from .test_webhooks import ANA, listen


@pytest.fixture
def phone(uazapi):
    """A session as a browser has it, in English. Returns the page's text."""

    def browse(path, form=None, **headers):
        method = "GET" if form is None else "POST"
        more = {"headers": {"Accept-Language": "en", **headers}, "data": form, "timeout": 5}
        answer = browse.answer = uazapi.session.request(method, uazapi.url + path, **more)
        return answer.text

    return browse


def test_what_a_contact_writes_reaches_the_webhook_and_stands_escaped_in_the_chat(uazapi, receiver, phone):
    listen(uazapi, receiver)
    page = phone(f"/chats/{ANA}", {"text": "<script>alert(1)</script>"})
    message = receiver.wait(1)[0]["body"]["message"]
    assert (message["text"], message["fromMe"]) == ("<script>alert(1)</script>", False)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "default-src 'none'" in phone.answer.headers["Content-Security-Policy"]
    phone(f"/chats/{ANA}", {"text": "  "})
    uazapi.settle()
    assert len(receiver.got) == 1


def test_what_we_sent_is_delivered_by_itself_and_read_when_the_contact_reads(uazapi, receiver, phone):
    first = uazapi.post("/send/text", {"number": ANA, "text": "oi"})["messageid"]
    assert phone(f"/chats/{ANA}").count('aria-label="sent"') == 2  # in the chat, and in the list
    uazapi.post("/_sandbox/switches", {"delivers": True})
    second = uazapi.post("/send/text", {"number": ANA, "text": "oi"})["messageid"]
    uazapi.settle()
    assert phone(f"/chats/{ANA}").count('aria-label="delivered"') == 2
    listen(uazapi, receiver)
    assert phone(f"/chats/{ANA}/read", {}).count('aria-label="read"') == 3
    receipt = receiver.wait(1)[0]["body"]
    assert (receipt["state"], receipt["event"]["MessageIDs"]) == ("Read", [first, second])
    phone(f"/chats/{ANA}/read", {})
    uazapi.settle()
    assert len(receiver.got) == 1


def test_another_contact_can_be_added_and_a_wrong_number_is_refused(uazapi, phone):
    assert "Clara" in phone("/contacts", {"name": "Clara", "number": "+55 11 97777-6666"})
    assert phone.answer.url.endswith("/chats/5511977776666")
    assert uazapi.post("/send/text", {"number": "5511977776666", "text": "oi"})["fromMe"]
    assert "This is no number" in phone("/contacts", {"name": "D", "number": "123"})
    assert phone.answer.status_code == 400
    phone("/chats/123")
    assert phone.answer.status_code == 404


def test_the_phone_can_be_unlinked_and_the_webhook_hears_of_it(uazapi, receiver, phone):
    listen(uazapi, receiver)
    assert "Link the phone" in phone("/line", {"connected": "no"})
    assert receiver.wait(1)[0]["body"]["type"] == "LoggedOut"
    assert uazapi.post("/send/text", {"number": ANA, "text": "oi"})["error"] is True
    assert "Unlink the phone" in phone("/line", {"connected": "yes"})


def test_pages_are_for_this_machine_alone_and_are_no_requests_of_a_client(uazapi, phone):
    uazapi.post("/_sandbox/faults", {"kind": "answer", "count": None})
    uazapi.call("DELETE", "/_sandbox/requests")
    assert 'lang="pt-BR"' in phone("/", **{"Accept-Language": "pt-BR,en;q=0.5"})
    assert uazapi.call("GET", "/_sandbox/requests") == []
    phone("/", Host="evil.example")
    assert phone.answer.status_code == 403
    phone(f"/chats/{ANA}", {"text": "x"}, Origin="https://evil.example")
    assert phone.answer.status_code == 403
    assert uazapi.call("GET", "/_sandbox/messages") == []
