"""Every list ends, whatever the server says about its pages, and no URL from an answer is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.banking.aggregators.pluggy.client import pages
from apps.banking.aggregators.pluggy.client.pages import after_of, cursored, numbered
from lib.errors import Unexpected


def envelope(rows, page=1, total_pages=1):
    return {"page": page, "total": 0, "totalPages": total_pages, "results": rows}


def listed(rows, size):
    """A server that answers with numbered pages."""
    count = max(1, -(-len(rows) // size))
    return lambda number: envelope(rows[(number - 1) * size : number * size], number, count)


def chained(rows, size):
    """A server that answers with cursors."""

    def fetch(after):
        start = int(after or 0)
        end = start + size
        return {"results": rows[start:end], "next": f"?accountId=a&after={end}" if end < len(rows) else None}

    return fetch


ROWS = st.integers(0, 40).map(lambda count: [{"id": str(n)} for n in range(count)])


@given(rows=ROWS, size=st.integers(1, 9), server=st.sampled_from([(numbered, listed), (cursored, chained)]))
def test_every_row_comes_once_and_in_order(rows, size, server):
    walk, fake = server
    got = list(walk(fake(rows, size)))
    assert [row for page in got for row in page] == rows
    assert all(0 < len(page) <= size for page in got)


@pytest.mark.parametrize("walk", [numbered, cursored])
def test_a_page_is_fetched_only_when_it_is_asked_for(walk):
    asked = []

    def fetch(at):
        asked.append(at)
        return envelope([{"id": "1"}], at or 1, 5) | {"next": f"?after={len(asked)}"}

    iterator = walk(fetch)
    assert asked == []
    next(iterator)
    assert len(asked) == 1


def failing(iterator):
    with pytest.raises(Unexpected) as caught:
        list(iterator)
    return caught.value.code


def test_a_cursor_that_comes_back_is_a_loop():
    assert failing(cursored(lambda _: {"results": [{"id": "1"}], "next": "?after=A"})) == "CURSOR_LOOP"


def test_a_longer_loop_of_cursors_is_an_error_too():
    chain = {None: "a", "a": "b", "b": "c", "c": "a"}
    asked = []

    def fetch(after):
        asked.append(after)
        return {"results": [{"id": "1"}], "next": f"?after={chain[after]}"}

    assert failing(cursored(fetch)) == "CURSOR_LOOP"
    assert asked == [None, "a", "b", "c"]


def test_an_endless_list_is_an_error(monkeypatch):
    monkeypatch.setattr(pages, "MAX_PAGES", 50)
    count = iter(range(10**6))
    assert failing(cursored(lambda _: {"results": [], "next": f"?after={next(count)}"})) == "ENDLESS_LIST"
    assert failing(numbered(lambda number: envelope([{"id": "1"}], number, 10**9))) == "ENDLESS_LIST"


def test_two_thousand_pages_are_read():
    rows = [{"id": str(n)} for n in range(2000)]
    assert sum(1 for _ in cursored(chained(rows, 1))) == 2000


def test_an_empty_page_in_the_middle_does_not_end_a_cursor_list():
    bodies = {None: {"results": [], "next": "?after=a"}, "a": {"results": [{"id": "1"}], "next": None}}
    assert list(cursored(bodies.__getitem__)) == [[{"id": "1"}]]


def test_an_empty_page_ends_a_numbered_list():
    assert list(numbered(lambda number: envelope([], number, 99))) == []


def test_a_server_that_ignores_the_page_number_is_noticed():
    assert failing(numbered(lambda _: envelope([{"id": "1"}], 1, 3))) == "PAGE_MISMATCH"


def test_an_answer_without_content_has_no_rows():
    assert list(numbered(lambda _: None)) == []


@pytest.mark.parametrize("end", [{}, {"next": None}, {"next": ""}])
def test_a_list_without_a_next_page_ends(end):
    assert list(cursored(lambda _: {"results": [{"id": "1"}], **end})) == [[{"id": "1"}]]


NO_PAGES = (None, [], "x", {}, {"results": None}, {"results": {}}, {"results": [1]}, {"results": ["a"]})


@pytest.mark.parametrize("body", NO_PAGES)
@pytest.mark.parametrize("walk", [numbered, cursored])
def test_an_answer_that_is_not_a_page_is_unexpected(walk, body):
    if walk is numbered and body is None:
        return
    assert failing(walk(lambda _: body)) == "NOT_A_PAGE"


@pytest.mark.parametrize("body", [{"results": [{"id": "1"}]}, envelope([{"id": "1"}], total_pages=None)])
def test_a_page_without_a_total_is_the_only_page(body):
    assert list(numbered(lambda _: body)) == [[{"id": "1"}]]


@pytest.mark.parametrize(
    ("following", "after"),
    [
        ("?accountId=a&after=QUJD", "QUJD"),
        ("?after=QUJD%3D%3D&accountId=a", "QUJD=="),
        ("?after=QUJD==", "QUJD=="),
        ("?after=a+b/c", "a+b/c"),
        ("?after=a%2Bb%2Fc", "a+b/c"),
        ("https://evil.example/steal?accountId=x&after=QUJD", "QUJD"),
        ("//169.254.169.254/?after=QUJD", "QUJD"),
    ],
)
def test_only_the_cursor_of_next_is_used(following, after):
    assert after_of(following) == after


NO_CURSORS = ("?accountId=a", "?after=", "after=x", "https://evil.example/", 5, ["?after=x"], True)


@pytest.mark.parametrize("following", NO_CURSORS)
def test_a_next_page_without_a_cursor_is_unexpected(following):
    with pytest.raises(Unexpected) as caught:
        after_of(following)
    assert caught.value.code == "NO_CURSOR"


def test_a_number_of_pages_sent_as_text_is_still_a_number():
    bodies = {1: {"page": "1", "totalPages": "2", "results": [{"id": 1}]}, 2: {"page": "2", "results": [{"id": 2}]}}
    assert [row["id"] for page in numbered(bodies.__getitem__) for row in page] == [1, 2]


def test_a_list_with_an_unreadable_number_of_pages_is_refused():
    with pytest.raises(Unexpected):
        list(numbered(lambda _: {"page": 1, "totalPages": "many", "results": [{"id": 1}]}))
