"""The emulator's answers."""

import base64

import pytest

ANA = "5511988887777"
BIA = "553188886666"


def send(uazapi, number=ANA, text="oi", **more):
    return uazapi.post("/send/text", {"number": number, "text": text, **more})


def test_a_text_is_sent_and_found_by_its_track_id(uazapi):
    sent = send(uazapi, track_id="t1", track_source="tests")
    assert (uazapi.status, sent["response"]["status"], sent["chatid"]) == (200, "success", f"{ANA}@s.whatsapp.net")
    assert sent["id"] == f"{sent['owner']}:{sent['messageid']}"
    send(uazapi, track_id="t2")
    found = uazapi.post("/message/find", {"track_id": "t1"})
    assert [one["messageid"] for one in found["messages"]] == [sent["messageid"]]
    assert not found["hasMore"]
    assert uazapi.post("/message/find", {"limit": 1})["hasMore"]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"text": "oi"}, 400, "Missing number or text"),
        ({"number": ANA}, 400, "Missing number or text"),
        ({"number": "abc", "text": "oi"}, 400, "Invalid number format"),
        ({"number": "5511900000000", "text": "oi"}, 500, "the number 5511900000000@s.whatsapp.net is not on WhatsApp"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused_with_the_message_of_the_real_service(uazapi, body, status, error):
    assert uazapi.post("/send/text", body) == {"error": error}
    assert uazapi.status == status


def test_a_wrong_token_and_no_token_are_401(uazapi):
    assert uazapi.post("/send/text", {}, headers={"token": "nonsense"}) == {"error": "Invalid token"}
    assert uazapi.status == 401
    status = uazapi.call("GET", "/instance/status", headers={"token": "nonsense"})
    assert status == {"error": "instance info not found"}


def test_a_body_that_is_not_json_is_400(uazapi):
    answer = uazapi.session.post(uazapi.url + "/send/text", data=b"{", timeout=5)
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid payload"})


def test_too_many_sends_are_429(uazapi):
    uazapi.post("/_sandbox/limits", {"sends_allowed": 1})
    send(uazapi)
    assert send(uazapi) == {"error": "Rate limit exceeded"}
    assert uazapi.status == 429


def test_placeholders_are_expanded_with_the_owners_notes_about_the_person(uazapi):
    sent = send(uazapi, text="Oi {{first_name}}, CPF {{lead_personalid}}, {{unknown}}")
    assert sent["text"] == "Oi Ana, CPF 123.456.789-09, {{unknown}}"


def test_an_account_without_the_ninth_digit_is_found_by_a_check_only(uazapi):
    send(uazapi, "5531988886666")
    assert uazapi.status == 500
    row = uazapi.post("/chat/check", {"numbers": ["5531988886666", "5511900000000"]})
    assert [(one["isInWhatsapp"], one["jid"]) for one in row] == [(True, f"{BIA}@s.whatsapp.net"), (False, "")]
    send(uazapi, BIA)
    assert uazapi.status == 200


def test_media_are_sent_by_url_and_by_base64(uazapi):
    data = base64.b64encode(b"picture").decode()
    for file in ("https://example.org/a.png", data, f"data:image/png;base64,{data}"):
        sent = uazapi.post("/send/media", {"number": ANA, "type": "image", "file": file, "text": "olha"})
        assert (uazapi.status, sent["mediaType"], sent["text"]) == (200, "image", "olha")
        assert sent["response"]["fileUrl"]


def test_media_that_are_too_big_are_413_and_media_that_are_not_a_file_415(uazapi):
    uazapi.post("/_sandbox/limits", {"media_limit": 4})
    big = base64.b64encode(b"12345").decode()
    assert uazapi.post("/send/media", {"number": ANA, "type": "image", "file": big}) == {"error": "File too large"}
    assert uazapi.status == 413
    uazapi.post("/send/media", {"number": ANA, "type": "image", "file": "not base64!"})
    assert uazapi.status == 415
    uazapi.post("/send/media", {"number": ANA, "type": "hologram", "file": big})
    assert uazapi.status == 400


def test_the_status_is_an_object_and_carries_secrets_beside_it(uazapi):
    found = uazapi.call("GET", "/instance/status")
    assert found["status"]["connected"] is True
    assert found["status"]["loggedIn"] is True
    assert found["instance"]["status"] == "connected"
    assert {"token", "openai_apikey"} <= set(found["instance"])


def test_a_lost_session_answers_503_in_another_form(uazapi):
    token = uazapi.session.headers["token"]
    uazapi.post("/_sandbox/instances", {"token": token, "connected": False, "logged_in": False})
    answer = send(uazapi)
    assert (uazapi.status, answer["error"]) == (503, True)
    assert "not reconnectable" in answer["message"]
    assert uazapi.call("GET", "/instance/status")["status"] == {"connected": False, "loggedIn": False, "jid": None}


def test_an_instance_is_made_by_the_admin_and_connected_by_a_code(uazapi):
    assert uazapi.post("/instance/create", {"name": "x"}) == {"error": "Unauthorized"}
    made = uazapi.post("/instance/create", {"name": "x"}, headers={"admintoken": "uazapi-sandbox-admin-token"})
    connected = uazapi.post("/instance/connect", {"phone": ANA}, headers={"token": made["token"]})
    assert connected["instance"]["paircode"]
    assert connected["instance"]["status"] == "connecting"


def test_messages_sent_asynchronously_wait_in_the_queue(uazapi):
    send(uazapi, **{"async": True})
    assert uazapi.call("GET", "/message/async")["pending"] == 1


def test_a_reset_forgets_everything(uazapi):
    send(uazapi)
    uazapi.post("/_sandbox/reset")
    assert uazapi.call("GET", "/_sandbox/messages") == []
    assert uazapi.call("GET", "/_sandbox/requests") == []
