"""Two applications at Pluggy share nothing that proves a webhook."""

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
