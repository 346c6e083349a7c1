from typing import Any

import pytest

from ponte_demo.balance import Counts, compare
from ponte_demo.telling import Failed

ASKED = {"SMTP": 2, "Slack": 1}


def counts(*, received: int = 3, dead: int = 0, pending: int = 0, held: int = 0, **sends: int) -> Counts:
    return Counts({"sent": 1, "delivered": 1, "read": 1, **sends}, received, dead, pending, held)


def test_what_was_delivered_or_read_was_sent_too():
    found = counts().figures()
    assert found == {"sent": 3, "delivered": 2, "received": 3, "unknown": 0, "dead": 0}


def test_nothing_is_settled_while_anything_waits():
    assert counts().is_settled(delivered=2, read=1)
    assert not counts().is_settled(delivered=3, read=1)
    assert not counts().is_settled(delivered=2, read=0)
    for waits in ({"queued": 1}, {"sending": 1}, {"pending": 1}, {"held": 1}):
        assert not counts(**waits).is_settled(delivered=2, read=1), waits


@pytest.mark.parametrize("trouble", [{"failed": 1}, {"unknown": 1}, {"dead": 1}])
def test_a_message_that_failed_fails_the_demo_at_once(trouble: dict[str, int]):
    with pytest.raises(Failed):
        counts(queued=1, **trouble).is_settled(delivered=2, read=1)


@pytest.mark.parametrize(
    ("arrived", "found"),
    [
        ({"SMTP": 2, "Slack": 0}, {}),
        ({"SMTP": 2, "Slack": 2}, {}),
        (ASKED, {"sent": 0}),
        (ASKED, {"received": 2}),
        (ASKED, {"received": 4}),
    ],
)
def test_a_message_that_is_lost_or_sent_twice_fails_the_demo(arrived: dict[str, int], found: dict[str, Any]):
    compare(ASKED, ASKED, 3, counts())
    with pytest.raises(Failed):
        compare(ASKED, arrived, 3, counts(**found))
