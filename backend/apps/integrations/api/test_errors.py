"""Every error of PlugFn and of sending has a status, a code and words."""

import pytest
from rest_framework.exceptions import APIException

from apps.api.errors import Refused
from apps.integrations.api.errors import BY_CLASS, BY_CODE, answer_to, as_refused
from lib.errors import NeedsUser, Permanent
from plugfn import errors as plugfn
from plugfn.errors import InvalidParams, PlugFnError, Problem, RateLimited


def kinds(root: type[PlugFnError] = PlugFnError):
    yield root
    for kind in root.__subclasses__():
        yield from kinds(kind)


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=lambda kind: kind.__name__))
def test_each_class_has_an_answer(kind):
    refused = as_refused(kind("what happened"))
    assert isinstance(refused, Refused)
    assert 400 <= refused.status_code < 600
    assert refused.code.isupper()
    assert str(refused.detail)


def test_the_codes_of_the_contract_are_there():
    codes = {code for _status, code, _words in (*BY_CLASS.values(), *BY_CODE.values())}
    assert {
        "INVALID_CREDENTIALS",
        "CONNECTION_FAILED",
        "RATE_LIMIT_EXCEEDED",
        "INTEGRATION_NOT_FOUND",
        "INTEGRATION_DISABLED",
        "INVALID_INPUT",
    } <= codes


def test_the_code_of_an_error_wins_over_its_class_and_details_keep_it():
    refused = as_refused(plugfn.Forbidden("no", code="private_address"))
    assert (refused.status_code, refused.code) == (403, "ADDRESS_NOT_ALLOWED")
    assert refused.details == {"code": "private_address"}
    refused = as_refused(RateLimited("wait", retry_after=2.2))
    assert (refused.status_code, refused.details["wait"]) == (429, 3)


def test_fields_have_the_callers_names_and_no_values():
    problems = [Problem("token", "is short"), Problem("to.0.email", "is wrong"), Problem("", "needs a text")]
    refused = as_refused(InvalidParams("x", problems=problems), {"token": "api_token"})
    assert refused.details == {"api_token": ["is short"], "to.0.email": ["is wrong"], "body": ["needs a text"]}


def test_errors_of_sending_have_codes_and_other_errors_are_left_alone():
    for code in ("integration_disabled", "opted_out", "idempotency_conflict", "not_repeatable"):
        assert as_refused(Permanent("x", code=code)).code == code.upper()
    assert as_refused(NeedsUser("x", code="invalid_credentials")).code == "INVALID_CREDENTIALS"
    other = APIException()
    assert as_refused(other) is other
    assert answer_to("not_on_whatsapp")[1] == "SEND_FAILED"
    assert answer_to("outcome_unknown")[1] == "OUTCOME_UNKNOWN"
