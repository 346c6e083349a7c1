"""Webhooks: a ping first, a signature, no repetition of its own, redelivery under the same id."""

import hashlib
import hmac

import pytest

SECRET = "hook secret"


@pytest.fixture
def hook(github, receiver):
    config = {"url": receiver.url, "content_type": "json", "secret": SECRET}
    found = github.post("/repos/ana/loja/hooks", {"name": "web", "events": ["issues"], "config": config})
    assert github.status == 201
    github.post("/_sandbox/settle")
    return f"/repos/ana/loja/hooks/{found['id']}"


def events(receiver):
    return [one["headers"]["X-GitHub-Event"] for one in receiver.got]


def test_a_new_hook_gets_a_ping_with_its_secret_hidden(hook, receiver):
    assert events(receiver) == ["ping"]
    assert receiver.got[0]["body"]["hook"]["config"]["secret"] == "********"


def test_subscribed_events_are_sent_and_signed(github, hook, receiver):
    github.post("/repos/ana/loja/issues", {"title": "oi"})
    github.post("/_sandbox/push", {"repo": "ana/loja"})
    github.post("/_sandbox/settle")
    assert events(receiver) == ["ping", "issues"]
    one = receiver.got[-1]
    digest = hmac.new(SECRET.encode(), one["raw"], hashlib.sha256).hexdigest()
    assert one["headers"]["X-Hub-Signature-256"] == f"sha256={digest}"
    assert one["body"]["action"] == "opened"


def test_a_failed_delivery_is_listed_and_repeated_only_on_request(github, hook, receiver):
    receiver.status = 500
    github.post("/repos/ana/loja/issues", {"title": "oi"})
    github.post("/_sandbox/settle")
    failed = github.get(f"{hook}/deliveries")[0]
    assert (failed["status_code"], failed["event"], failed["redelivery"]) == (500, "issues", False)
    receiver.status = 200
    github.post(f"{hook}/deliveries/{failed['id']}/attempts")
    assert github.status == 202
    github.post("/_sandbox/settle")
    newest = github.get(f"{hook}/deliveries")[0]
    assert (newest["guid"], newest["status"], newest["redelivery"]) == (failed["guid"], "OK", True)
    assert len({one["headers"]["X-GitHub-Delivery"] for one in receiver.got[-2:]}) == 1
    assert "issue" in github.get(f"{hook}/deliveries/{failed['id']}")["request"]["payload"]


def test_deliveries_come_in_pages(github, hook):
    for _ in range(4):
        github.post(f"{hook}/pings")
        github.post("/_sandbox/settle")
    first = github.get(f"{hook}/deliveries", params={"per_page": 3})
    following = github.answer.links["next"]["url"]
    rest = github.get(following.removeprefix(github.url))
    assert [len(first), len(rest)] == [3, 2]
    assert "next" not in github.answer.links
    ids = [one["id"] for one in first + rest]
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/repos/ana/loja/hooks/1/deliveries", 404), ("/repos/bruno/segredo/hooks/1/deliveries", 404)],
)
def test_another_users_hook_is_404(github, path, status):
    github.get(path)
    assert github.status == status


def test_the_same_url_cannot_be_hooked_twice(github, hook, receiver):
    github.post("/repos/ana/loja/hooks", {"config": {"url": receiver.url}})
    assert github.status == 422


def test_a_delivery_to_a_server_that_does_not_answer_is_listed_as_failed(github):
    found = github.post("/repos/ana/loja/hooks", {"config": {"url": "http://127.0.0.1:9/x"}})
    github.post("/_sandbox/settle")
    assert github.get(f"/repos/ana/loja/hooks/{found['id']}/deliveries")[0]["status_code"] == 502
