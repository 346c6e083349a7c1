"""Tests of answers that cannot be read."""

import pytest

from plugfn.errors import GiveUp, OutcomeUnknown, Unexpected
from plugfn.net.unread import UNREADABLE, changing


@pytest.mark.parametrize("code", sorted(UNREADABLE))
def test_an_answer_that_says_nothing_leaves_the_outcome_open(code):
    with pytest.raises(OutcomeUnknown) as caught, changing():
        raise Unexpected("the answer is not JSON", code=code)
    assert caught.value.code == code


@pytest.mark.parametrize("error", [Unexpected("x", code="http_302"), GiveUp("x")])
def test_a_refusal_stays_one(error):
    with pytest.raises(GiveUp) as caught, changing():
        raise error
    assert caught.value is error
