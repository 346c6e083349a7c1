"""The pages that browsers see."""


def test_the_connect_script_defines_the_widget_and_may_be_loaded_from_anywhere(emulator):
    answer = emulator.session.get(emulator.url + "/pluggy-connect.js", timeout=10)
    assert answer.headers["Content-Type"].startswith("application/javascript")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for name in ("init", "show", "hide", "destroy", "onSuccess", "onError", "onOpen", "onClose", "onHide", "onEvent"):
        assert name in answer.text


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
