"""Sending many webhooks, and the summary of the answers."""

from apps.banking.management.sending import Sender, WebhookAnswer, is_loopback, summarise


def test_percentiles_use_the_nearest_rank():
    answers = [WebhookAnswer(str(n), 200, "accepted", n / 1000) for n in range(1, 101)]
    summary = summarise(answers)
    assert (summary.p50_ms, summary.p99_ms, summary.max_ms) == (50, 99, 100)
    assert summarise(answers[:1]).p99_ms == 1


def test_refused_and_unanswered_events_are_errors():
    answers = [
        (200, "accepted"),
        (200, "duplicate"),
        (200, "the answer is not from Ponte"),
        (401, "unauthorized"),
        (0, "x"),
    ]
    summary = summarise([WebhookAnswer("e", status, outcome, 0.01) for status, outcome in answers])
    assert (summary.accepted, summary.duplicates, summary.errors) == (1, 1, 3)


def test_if_the_first_post_is_not_answered_no_other_is_sent():
    sender = Sender("http://127.0.0.1:9/", lambda raw: {})
    assert [answer.status for answer in sender.send_all(((str(n), {}) for n in range(50)), 4)] == [0]


def test_only_loopback_addresses_are_this_machine():
    assert all(map(is_loopback, ("http://localhost:8000", "http://127.0.0.1", "http://[::1]:80/x")))
    assert not any(
        map(is_loopback, ("http://localhost.example.com", "https://127.0.0.1.example.com", "http://0.0.0.0"))
    )
