"""register_webhooks ends with one subscription at our URL with our secret, whatever existed before."""

import pytest
from django.core.management import CommandError, call_command

URL = "https://ponte.example.com/api/banking/webhooks/pluggy/"
SECRET = "a-webhook-secret-for-tests-alone"


def run(capsys, *arguments: str) -> str:
    call_command("register_webhooks", *arguments)
    return capsys.readouterr().out


def hooks(bank) -> list[dict]:
    return bank.call("GET", "/webhooks")["results"]


@pytest.fixture
def bank(bank, settings):
    # The emulator may use any address; Ponte's must be public.
    settings.PUBLIC_URL = "https://ponte.example.com"
    return bank


def test_the_subscription_is_made_once_with_the_secret_and_the_secret_is_not_printed(bank, capsys):
    assert "create the subscription" in run(capsys)
    assert run(capsys).strip() == "nothing to do"
    (hook,) = hooks(bank)
    assert (hook["url"], hook["event"]) == (URL, "all")
    assert hook["headers"] == {"Authorization": f"Bearer {SECRET}"}
    assert SECRET not in capsys.readouterr().out


def test_a_wrong_secret_and_a_disabled_subscription_are_repaired_in_place(bank, capsys):
    run(capsys)
    (hook,) = hooks(bank)
    bank.call("PATCH", f"/webhooks/{hook['id']}", {"headers": {"Authorization": "Bearer old"}, "enabled": False})
    said = run(capsys)
    assert "its secret is not ours" in said
    assert "it is disabled" in said
    (repaired,) = hooks(bank)
    assert repaired["id"] == hook["id"]
    assert repaired["disabledAt"] is None
    assert repaired["headers"] == {"Authorization": f"Bearer {SECRET}"}


def test_our_subscriptions_to_single_events_become_one_and_others_stay(bank, capsys):
    bank.call("POST", "/webhooks", {"url": URL, "event": "item/updated"})
    bank.call("POST", "/webhooks", {"url": URL, "event": "item/error"})
    bank.call("POST", "/webhooks", {"url": "https://other.example.com/", "event": "all"})
    run(capsys)
    assert sorted((hook["url"], hook["event"]) for hook in hooks(bank)) == [
        ("https://other.example.com/", "all"),
        (URL, "all"),
    ]
    assert run(capsys).strip() == "nothing to do"


def test_a_dry_run_says_what_it_would_do_and_does_nothing(bank, capsys):
    assert "would create" in run(capsys, "--dry-run")
    assert hooks(bank) == []


def test_delete_removes_only_our_subscription(bank, capsys):
    run(capsys)
    bank.call("POST", "/webhooks", {"url": "https://other.example.com/", "event": "all"})
    assert "delete the subscription" in run(capsys, "--delete")
    assert [hook["url"] for hook in hooks(bank)] == ["https://other.example.com/"]


def test_an_address_without_tls_is_refused_except_for_the_sandbox_on_request(bank, settings, capsys):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    with pytest.raises(CommandError, match="must be https"):
        run(capsys)
    assert hooks(bank) == []
    run(capsys, "--allow-http")
    assert hooks(bank)[0]["url"].startswith("http://127.0.0.1:8000/")
    settings.PLUGGY_API_URL = "https://api.pluggy.ai"
    with pytest.raises(CommandError, match="must be https"):
        run(capsys, "--allow-http")


@pytest.mark.parametrize("name", ["PUBLIC_URL", "PLUGGY_WEBHOOK_SECRETS", "PLUGGY_CLIENT_ID"])
def test_missing_settings_are_named(name, bank, settings, capsys):
    setattr(settings, name, "" if name != "PLUGGY_WEBHOOK_SECRETS" else [])
    with pytest.raises(CommandError, match=name.removesuffix("S")):
        run(capsys)
