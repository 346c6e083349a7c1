"""manage.py test_webhook against a real server: the server accepts its events, and its output is true."""

import re
import socket

import pytest
from django.core.management import CommandError, call_command

from apps.events.models import Event
from plugfn.testing.stub_http import Request, StubServer, reply

pytestmark = pytest.mark.django_db(transaction=True)


def run(live_server, capsys, *arguments: str) -> str:
    call_command("test_webhook", "--url", live_server.url, *arguments)
    return capsys.readouterr().out


def table(output: str) -> dict[str, float]:
    *_, names, values = output.strip().splitlines()
    return dict(zip(re.split(r"\s{2,}", names.strip()), map(float, values.split()), strict=True))


def test_the_server_accepts_the_event_and_the_command_prints_the_outcome(live_server, capsys):
    output = run(live_server, capsys, "--event", "item/created", "--item-id", "an-item")
    event = Event.objects.get()
    assert (event.kind, event.mailbox, event.data["itemId"]) == ("item/created", "pluggy:item:an-item", "an-item")
    assert "200  accepted" in output
    assert event.event_id in output
    assert table(output)["accepted"] == 1


def test_events_with_one_id_are_stored_once(live_server, capsys):
    counts = table(run(live_server, capsys, "--event-id", "one", "--count", "12", "--concurrency", "4"))
    assert (counts["accepted"], counts["duplicates"], counts["errors"]) == (1, 11, 0)
    assert 0 < counts["p50 ms"] <= counts["p99 ms"] <= counts["max ms"]
    assert Event.objects.count() == 1


def test_without_an_event_id_each_event_is_new(live_server, capsys):
    output = run(live_server, capsys, "--count", "30", "--concurrency", "8", "--show", "5")
    assert table(output)["accepted"] == 30
    assert output.count(" 200  accepted") == 5
    assert Event.objects.values("mailbox").distinct().count() == 30


def test_events_about_transactions_and_connectors_say_what_they_are_about(live_server, capsys):
    transactions = ("--transaction-id", "t-1", "--transaction-id", "t-2")
    run(live_server, capsys, "--event", "transactions/updated", "--item-id", "i", "--account-id", "a", *transactions)
    run(live_server, capsys, "--event", "connector/status_updated", "--connector-id", "201")
    updated, connector = Event.objects.order_by("id")
    assert (updated.data["accountId"], updated.data["transactionIds"]) == ("a", ["t-1", "t-2"])
    assert connector.mailbox == "pluggy:connector:201"


def test_the_hmac_alone_is_a_proof_where_it_is_configured(live_server, capsys, settings):
    settings.PLUGGY_HMAC_SECRETS = ["an-hmac-secret"]
    assert table(run(live_server, capsys, "--hmac"))["accepted"] == 1
    settings.PLUGGY_HMAC_SECRETS = []
    with pytest.raises(CommandError, match="PLUGGY_HMAC_SECRET"):
        run(live_server, capsys, "--hmac")


def test_the_command_fails_and_says_why_if_the_server_refuses(live_server, capsys):
    with pytest.raises(CommandError, match=r"3 of 3 were not accepted: 400 event is not of the expected form"):
        run(live_server, capsys, "--event", "non\nsense", "--count", "3")
    assert not Event.objects.exists()


def test_no_secret_is_ever_printed(live_server, capsys, settings):
    settings.PLUGGY_HMAC_SECRETS = ["an-hmac-secret"]
    run(live_server, capsys, "--count", "3")
    with pytest.raises(CommandError):
        call_command("test_webhook", "--url", "http://127.0.0.1:9", "--event-id", "e")
    said = "".join(capsys.readouterr())
    assert "an-hmac-secret" not in said
    assert settings.PLUGGY_WEBHOOK_SECRETS[0] not in said


def test_without_a_server_the_command_says_so_after_one_post(capsys):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(CommandError, match=f"No server answers at {url}.*Start it"):
        call_command("test_webhook", "--url", url, "--count", "50")
    assert capsys.readouterr().out.count("---") == 1


def test_a_server_on_another_machine_gets_at_most_100_events(capsys):
    with pytest.raises(CommandError, match="at most 100"):
        call_command("test_webhook", "--url", "https://ponte.example.com", "--count", "101")
    assert not capsys.readouterr().out


@pytest.mark.parametrize("url", ["ftp://localhost", "localhost:8000", "http://", "https://user:secret@localhost"])
def test_an_invalid_address_is_refused(url):
    with pytest.raises(CommandError, match="plain http"):
        call_command("test_webhook", "--url", url)


@pytest.mark.parametrize("arguments", [["--count", "0"], ["--count", "x"], ["--concurrency", "65"], ["--count", "-3"]])
def test_absurd_numbers_are_refused(arguments):
    with pytest.raises(CommandError, match="must be a number"):
        call_command("test_webhook", *arguments)


def test_redirects_and_answers_that_are_not_from_ponte_are_errors(capsys):
    def other(request: Request) -> bytes:
        return reply(b"ok", 302 if request.path == "/moved" else 200, {"Location": "/elsewhere"})

    with StubServer(other) as server:
        for path in ("/moved", "/fine"):
            with pytest.raises(CommandError, match="the answer is not from Ponte"):
                call_command("test_webhook", "--url", server.url + path)
    assert [request.path for request in server.requests] == ["/moved", "/fine"]


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        call_command("test_webhook", "--help")
    said = capsys.readouterr().out
    assert "1 accepted, 19 duplicates" in said
    assert "--concurrency" in said
