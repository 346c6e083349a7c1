"""The error tree says what to do next."""

import pytest

from lib.errors import ErrorType, NeedsUser, Permanent, PonteError, Temporary, Throttled, Unexpected


@pytest.mark.parametrize("error", [Temporary, NeedsUser, Permanent, Unexpected])
def test_each_branch_has_a_default_type_and_accepts_another(error):
    assert error("what").error_type is error.default_type
    assert error("what", error_type=ErrorType.ITEM_ERROR, code="X").error_type is ErrorType.ITEM_ERROR


def test_a_throttled_call_is_temporary_and_says_how_long_to_wait():
    error = Throttled("later", retry_after=3.5)
    assert isinstance(error, Temporary)
    assert error.retry_after == 3.5
    assert error.error_type is ErrorType.RATE_LIMIT_EXCEEDED


def test_a_throttled_call_must_say_how_long_to_wait():
    with pytest.raises(TypeError):
        Throttled("later")


def test_the_branches_do_not_overlap():
    branches = [Temporary, NeedsUser, Permanent, Unexpected]
    for branch in branches:
        assert issubclass(branch, PonteError)
        assert not any(issubclass(branch, other) for other in branches if other is not branch)


def test_there_are_ten_reliability_types():
    assert len(ErrorType) == 10
    assert all(kind.value == kind.name.lower() for kind in ErrorType)


def test_an_error_shows_its_message_and_nothing_else():
    assert str(Permanent("not an id", code="INVALID_ID")) == "not an id"
