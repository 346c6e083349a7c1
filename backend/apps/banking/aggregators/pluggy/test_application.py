"""Two applications at Pluggy share nothing that proves a webhook."""

import base64
from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.banking.aggregators.pluggy.application import from_settings
from apps.banking.aggregators.pluggy.webhooks.authenticity import make_path_token
from apps.banking.aggregators.pluggy.webhooks.checks import check_webhook_secret


@pytest.mark.parametrize("name", ["", "shop"])
def test_a_path_token_is_valid_at_its_own_application_alone(name):
    application = replace(from_settings()[0], name=name)
    for other in ("", "shop"):
        token = make_path_token(uuid4(), other)
        assert application.door.proves({}, b"{}", token) is (other == name)


@pytest.mark.parametrize("field", ["secrets", "hmac_secrets"])
def test_an_application_made_in_code_with_an_empty_secret_is_refused(field):
    application = from_settings()[0]
    with pytest.raises(ImproperlyConfigured, match="empty secret"):
        replace(application, proofs=replace(application.proofs, **{field: ("a-secret", "")}))


@pytest.mark.parametrize("name", ["PLUGGY_WEBHOOK_SECRETS", "PLUGGY_HMAC_SECRETS"])
def test_a_short_secret_is_reported_where_it_may_stand(settings, name):
    assert check_webhook_secret() == []
    setattr(settings, name, ["x" * 15])
    assert [message.id for message in check_webhook_secret()] == ["banking.W001"]


OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


def test_rotation_accepts_the_tokens_of_each_listed_key_until_it_is_removed(settings):
    member, door = uuid4(), from_settings()[0].door
    tokens = {}
    for name, keys in {"index": [], "old": [OLD, "INDEX_KEY"], "new": [NEW, OLD]}.items():
        settings.WEBHOOK_TOKEN_KEYS = keys
        tokens[name] = make_path_token(member)
    for keys, valid in {
        (): {"index"},
        (OLD, "INDEX_KEY"): {"index", "old"},
        (NEW, OLD, "INDEX_KEY"): {"index", "old", "new"},
        (NEW, OLD): {"old", "new"},
        (NEW,): {"new"},
    }.items():
        settings.WEBHOOK_TOKEN_KEYS = list(keys)
        assert {name for name, token in tokens.items() if door.proves({}, b"{}", token)} == valid
        assert all(door.only_member({}, b"{}", tokens[name]) == member for name in valid)


def test_a_token_cannot_be_bent_to_another_member(settings):
    settings.WEBHOOK_TOKEN_KEYS = [NEW, OLD]
    door = from_settings()[0].door
    mac = base64.urlsafe_b64decode(make_path_token(uuid4()) + "=")[16:]
    bent = base64.urlsafe_b64encode(uuid4().bytes + mac).decode().rstrip("=")
    assert not door.proves({}, b"{}", bent)
