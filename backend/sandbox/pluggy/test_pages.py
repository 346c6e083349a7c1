"""The pages that browsers see."""

import pytest
import requests


def test_the_connect_script_defines_the_widget_and_may_be_loaded_from_anywhere(emulator):
    answer = emulator.session.get(emulator.url + "/pluggy-connect.js", timeout=10)
    assert answer.headers["Content-Type"].startswith("application/javascript")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for name in ("init", "show", "hide", "destroy", "onSuccess", "onError", "onOpen", "onClose", "onHide", "onEvent"):
        assert name in answer.text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/connect/", "text/html"),
        ("/connect/main.js", "application/javascript"),
        ("/connect/connect.css", "text/css"),
        ("/connect/qr.svg?data=code", "image/svg+xml"),
    ],
)
def test_the_widgets_files_need_no_key(emulator, path, kind):
    answer = requests.get(emulator.url + path, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, kind)


@pytest.mark.parametrize("path", ["/connect/none.js", "/connect/..%2fpage.html", "/connect/page.py"])
def test_the_widgets_folder_gives_nothing_else(emulator, path):
    assert requests.get(emulator.url + path, timeout=10).status_code == 404


def test_a_fault_spoils_the_connect_script(emulator):
    emulator.post("/_sandbox/faults", {"kind": "error", "pattern": "GET /pluggy-connect.js", "status": 404, "count": 1})
    statuses = [requests.get(emulator.url + "/pluggy-connect.js", timeout=10).status_code for _ in range(2)]
    assert statuses == [404, 200]


def test_the_banks_page_refuses_a_wrong_login_and_lets_it_be_tried_again(emulator):
    item = emulator.connect(connector=600, parameters={"cpf": "761.092.776-73"}, wait=False)
    emulator.settled(item["id"], "WAITING_USER_INPUT")
    form = {"itemId": item["id"], "decision": "approve", "user": "x", "password": "y"}
    answer = emulator.session.post(emulator.url + "/oauth/authorize", data=form, timeout=10)
    assert (answer.status_code, "incorretos" in answer.text) == (401, True)
    assert emulator.get("/items/" + item["id"])["status"] == "WAITING_USER_INPUT"


def test_an_item_that_waits_for_no_authorisation_has_no_page(emulator):
    item = emulator.connect()["id"]
    assert (
        emulator.session.get(emulator.url + "/oauth/authorize", params={"itemId": item}, timeout=10).status_code == 409
    )


def test_without_a_redirect_the_callback_says_that_it_is_done(emulator):
    answer = emulator.session.get(emulator.url + "/oauthCallback.html", timeout=10)
    assert "fechar esta janela" in answer.text
