"""Standard Webhooks, against the reference library."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from plugfn.errors import WebhookRejected
from plugfn.inbound import Inbound
from plugfn.webhooks.standard import new_secret, read_secret, signed, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def test_the_reference_librarys_test_vector_matches():
    now = datetime.fromtimestamp(1614265330, UTC)
    headers = signed([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", BODY, now=now)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_the_reference_library_accepts_what_we_sign():
    assert Webhook(SECRET).verify(BODY, signed([SECRET], "msg_1", BODY)) == {"test": 2432232314}


def test_we_accept_what_the_reference_library_signs():
    now = datetime.now(UTC)
    header = Webhook(SECRET).sign("msg_1", now, BODY.decode())
    assert verify(_inbound(header, stamp=str(int(now.timestamp()))), [SECRET]) == "msg_1"


def test_during_replacement_both_secrets_sign_and_either_is_accepted():
    old, new = new_secret(), new_secret()
    headers = signed([new, old], "msg_1", BODY)
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, headers)
        assert verify(Inbound(BODY, headers), [new_secret(), secret]) == "msg_1"
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"}, {"webhook-id": ""}, {"webhook-id": "a.b"}, {"webhook-timestamp": ""},
        {"webhook-timestamp": "soon"}, {"webhook-timestamp": "-1"}, {"webhook-timestamp": "1e9"},
        {"webhook-signature": ""}, {"webhook-signature": "v1"}, {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,!!!!"},
        {"webhook-signature": "v2,g0hM"}, {"webhook-signature": ","}, {"webhook-signature": " "},
        {"webhook-signature": "v1,ü"}, {"webhook-signature": "v1,a,b"}, {"webhook-signature": "x " * 5000},
    ],
)  # fmt: skip
def test_headers_that_were_changed_are_rejected(change):
    with pytest.raises(WebhookRejected) as caught:
        verify(Inbound(BODY, signed([SECRET], "msg_1", BODY) | change), [SECRET])
    assert caught.value.status == 401


@given(body=st.binary(max_size=200))
def test_any_other_body_is_rejected(body):
    headers = signed([SECRET], "msg_1", BODY)
    if body == BODY:
        return
    with pytest.raises(WebhookRejected):
        verify(Inbound(body, headers), [SECRET])


@given(header=st.text(max_size=100), stamp=st.text(max_size=20), name=st.text(max_size=20))
def test_no_headers_break_the_check(header, stamp, name):
    with pytest.raises(WebhookRejected):
        verify(_inbound(header, stamp, name), [SECRET])


@pytest.mark.parametrize(("seconds", "passes"), [(-299, True), (299, True), (-301, False), (302, False)])
def test_only_the_last_and_next_five_minutes_are_accepted(seconds, passes):
    headers = signed([SECRET], "msg_1", BODY, now=datetime.now(UTC) + timedelta(seconds=seconds))
    if passes:
        verify(Inbound(BODY, headers), [SECRET])
        return
    with pytest.raises(WebhookRejected) as caught:
        verify(Inbound(BODY, headers), [SECRET])
    assert caught.value.code == "WEBHOOK_TOO_OLD"


def test_without_a_secret_everything_is_rejected():
    with pytest.raises(WebhookRejected) as caught:
        verify(Inbound(BODY, signed([SECRET], "msg_1", BODY)), [])
    assert caught.value.code == "WEBHOOK_SECRET_NOT_FOUND"


@pytest.mark.parametrize("secret", ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_" + "A" * 200, "whsec_???"])  # fmt: skip # noqa: E501
def test_an_invalid_secret_is_refused_and_not_shown(secret):
    with pytest.raises(ValueError, match="must be whsec_") as caught:
        read_secret(secret)
    if len(secret) > 10:
        assert secret not in str(caught.value)


def test_signing_refuses_an_id_with_a_full_stop_and_a_missing_secret():
    for secrets, name in (([SECRET], "a.b"), ([SECRET], ""), ([], "msg_1")):
        with pytest.raises(ValueError, match="needs a secret"):
            signed(secrets, name, BODY)


def _inbound(header: str, stamp: str, name: str = "msg_1") -> Inbound:
    return Inbound(BODY, {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": header})
