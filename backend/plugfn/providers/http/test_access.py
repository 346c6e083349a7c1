"""Which connections a user may enter."""

import pytest
from pydantic import ValidationError

from plugfn.providers.http.access import HttpAccess

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://hooks.example/in?token=t-12345"


def test_a_complete_connection_is_accepted_and_shows_no_secret():
    access = HttpAccess.model_validate(
        {"url": URL, "secret": SECRET, "old_secrets": [SECRET], "headers": {"Authorization": "Bearer abcdef"}}
    )
    assert access.secrets == (SECRET, SECRET)
    assert access.address.origin == "https://hooks.example"
    for hidden in ("t-12345", SECRET, "abcdef"):
        assert hidden not in repr(access) + str(access)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": ""}, {"url": "ftp://hooks.example"}, {"url": "https://user:pass@hooks.example"},
        {"url": "hooks.example"},
        {"url": "https://hooks.example/#top"}, {"url": "https://hooks.example\\@inside"}, {"url": "https://x" * 1000},
        {"url": "unix:///run/docker.sock"}, {"url": "https://hooks.example/a/../../b?x=\x00"}, {"url": None},
        {"secret": "whsec_c2hvcnQ="}, {"secret": "not-a-secret"}, {"old_secrets": ["x"]}, {"old_secrets": [SECRET] * 5},
        {"headers": {"Host": "inside"}}, {"headers": {"webhook-id": "1"}}, {"headers": {"Webhook-Signature": "v1,x"}},
        {"headers": {"Content-Length": "0"}}, {"headers": {"Transfer-Encoding": "chunked"}}, {"headers": {"a b": "x"}},
        {"headers": {"X": "a\r\nY: b"}}, {"headers": {"X": ""}}, {"headers": {"X": "é"}}, {"headers": {"": "x"}},
        {"headers": {"Cookie": "a=b"}}, {"headers": {"X-Forwarded-For": "127.0.0.1"}}, {"headers": {"Metadata\n": "x"}},
        {"headers": {f"X-{number}": "x" for number in range(21)}}, {"redirects": 4}, {"redirects": -1},
        {"unknown": "field"},
    ],
)  # fmt: skip
def test_a_harmful_connection_is_refused_and_not_repeated_in_the_error(wrong):
    with pytest.raises(ValidationError) as caught:
        HttpAccess.model_validate({"url": URL, "secret": SECRET} | wrong)
    assert SECRET not in str(caught.value)
    assert "t-12345" not in str(caught.value)
