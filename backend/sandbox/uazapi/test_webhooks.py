"""The webhooks that the emulator sends."""

from .world import OWNER, TOKEN

ANA = "5511988887777"


def listen(uazapi, receiver, **more):
    events = ["messages", "messages_update", "connection"]
    return uazapi.post("/webhook", {"enabled": True, "url": receiver.url, "events": events, **more})


def test_a_message_comes_flat_unsigned_and_with_the_token_in_it(uazapi, receiver):
    assert listen(uazapi, receiver)[0]["url"] == receiver.url
    uazapi.post("/_sandbox/incoming", {"number": ANA, "text": "bom dia"})
    (got,) = receiver.wait(1)
    body = got["body"]
    assert (body["EventType"], body["owner"], body["token"]) == ("messages", OWNER, TOKEN)
    message = body["message"]
    assert message["text"] == "bom dia"
    assert message["sender"].endswith("@lid")
    assert message["sender_pn"] == f"{ANA}@s.whatsapp.net"
    assert body["chat"]["lead_personalid"]
    assert not any("signature" in name.lower() for name in got["headers"])


def test_messages_sent_by_the_api_come_back_as_webhooks_unless_excluded(uazapi, receiver):
    listen(uazapi, receiver)
    uazapi.post("/send/text", {"number": ANA, "text": "oi", "track_id": "t"})
    message = receiver.wait(1)[0]["body"]["message"]
    assert (message["fromMe"], message["wasSentByApi"], message["track_id"]) == (True, True, "t")
    listen(uazapi, receiver, excludeMessages=["wasSentByApi"])
    uazapi.post("/send/text", {"number": ANA, "text": "oi"})
    uazapi.settle()
    assert len(receiver.got) == 1


def test_event_and_type_are_appended_to_the_url_on_request(uazapi, receiver):
    listen(uazapi, receiver, addUrlEvents=True, addUrlTypesMessages=True)
    uazapi.post("/_sandbox/incoming", {"number": ANA, "text": "oi"})
    assert receiver.wait(1)[0]["path"] == "/hook/messages/conversation"


def test_a_receipt_has_three_forms(uazapi, receiver):
    listen(uazapi, receiver)
    uazapi.post("/_sandbox/receipts", {"ids": ["A", "B"], "state": "Delivered"})
    uazapi.post("/_sandbox/receipts", {"ids": ["A"], "state": "Read", "as_strings": True})
    uazapi.post("/_sandbox/receipts", {"ids": ["A"], "state": "Read", "flat": True})
    uazapi.settle()
    bodies = [one["body"] for one in receiver.wait(3)]
    native = next(one for one in bodies if one.get("state") == "Delivered")
    spelt = next(one for one in bodies if one.get("state") == "Read")
    flat = next(one for one in bodies if "messageid" in one)
    assert (native["event"]["MessageIDs"], native["event"]["IsFromMe"]) == (["A", "B"], False)
    assert spelt["event"]["IsFromMe"] == "False"
    assert spelt["event"]["Timestamp"].isdigit()
    assert (flat["messageid"], flat["status"]) == ("A", "Read")


def test_a_lost_connection_is_sent_with_its_reason(uazapi, receiver):
    listen(uazapi, receiver)
    lost = {"token": TOKEN, "connected": False, "logged_in": False, "reason": "LoggedOut"}
    uazapi.post("/_sandbox/instances", lost)
    body = receiver.wait(1)[0]["body"]
    assert (body["EventType"], body["type"], body["instance"]["status"]) == ("connection", "LoggedOut", "disconnected")
    uazapi.post("/_sandbox/instances", {"token": TOKEN, "connected": True, "logged_in": True})
    assert receiver.wait(2)[1]["body"]["instance"]["status"] == "connected"


def test_a_delivery_that_fails_is_tried_three_times_and_listed(uazapi, receiver):
    receiver.status = 500
    listen(uazapi, receiver)
    uazapi.post("/_sandbox/incoming", {"number": ANA, "text": "oi"})
    uazapi.settle()
    (failure,) = uazapi.call("GET", "/webhook/errors")
    assert (len(receiver.got), failure["attempts"], failure["error"]) == (3, 3, "status 500")


def test_webhooks_are_added_changed_and_deleted_in_the_advanced_mode(uazapi):
    first = uazapi.post("/webhook", {"action": "add", "url": "http://127.0.0.1:1/a", "events": ["messages"]})
    both = uazapi.post("/webhook", {"action": "add", "url": "http://127.0.0.1:1/b", "events": ["messages"]})
    assert len(both) == 2
    change = {"action": "update", "id": first[0]["id"], "url": "http://127.0.0.1:1/c", "events": ["connection"]}
    assert uazapi.post("/webhook", change)[0]["url"].endswith("/c")
    left = uazapi.post("/webhook", {"action": "delete", "id": first[0]["id"]})
    assert [one["id"] for one in left] == [both[1]["id"]]
    uazapi.post("/webhook", {"action": "update", "id": "wh_none", "url": "http://127.0.0.1:1/c"})
    assert uazapi.status == 404


def test_the_simple_mode_keeps_one_webhook_and_refuses_unknown_events(uazapi, receiver):
    listen(uazapi, receiver)
    assert len(listen(uazapi, receiver)) == 1
    assert uazapi.post("/webhook", {"url": receiver.url, "events": ["everything"]}) == {"error": "Invalid events"}
    assert uazapi.post("/webhook", {"url": "ftp://x"}) == {"error": "Invalid webhook url"}


def test_with_the_real_clock_another_start_gives_other_ids_and_else_the_same(uazapi):
    def ids(real):
        uazapi.post("/_sandbox/reset")
        uazapi.post("/_sandbox/switches", {"real_time": real})
        return {uazapi.post("/_sandbox/incoming", {"number": ANA, "text": "oi"})["messageid"] for _ in range(2)}

    assert len(ids(real=True) | ids(real=True)) == 4
    assert len(ids(real=False) | ids(real=False)) == 2
