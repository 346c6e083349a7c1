"""Posting many, and what is said of them."""

from apps.banking.management.posting import Posted, Poster, is_loopback, summarise


def test_percentiles_are_of_the_nearest_rank():
    posted = [Posted(str(n), 200, "accepted", n / 1000) for n in range(1, 101)]
    found = summarise(posted)
    assert (found.p50_ms, found.p99_ms, found.max_ms) == (50, 99, 100)
    assert summarise(posted[:1]).p99_ms == 1


def test_what_was_refused_or_never_answered_is_an_error():
    answers = [
        (200, "accepted"),
        (200, "duplicate"),
        (200, "not an answer of Ponte's"),
        (401, "unauthorized"),
        (0, "x"),
    ]
    found = summarise([Posted("e", status, outcome, 0.01) for status, outcome in answers])
    assert (found.accepted, found.duplicates, found.errors) == (1, 1, 3)


def test_where_the_first_is_not_answered_nobody_is_asked_again():
    poster = Poster("http://127.0.0.1:9/", lambda raw: {})
    assert [one.status for one in poster.post_all(({"eventId": str(n)} for n in range(50)), 4)] == [0]


def test_only_this_machine_is_this_machine():
    assert all(map(is_loopback, ("http://localhost:8000", "http://127.0.0.1", "http://[::1]:80/x")))
    assert not any(
        map(is_loopback, ("http://localhost.example.com", "https://127.0.0.1.example.com", "http://0.0.0.0"))
    )
