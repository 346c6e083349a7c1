"""Two applications at Pluggy share nothing that proves a webhook."""

from dataclasses import replace
from uuid import uuid4

import pytest

from apps.banking.aggregators.pluggy.application import from_settings
from apps.banking.aggregators.pluggy.webhooks.authenticity import make_path_token


@pytest.mark.parametrize("name", ["", "shop"])
def test_a_path_token_is_valid_at_its_own_application_alone(name):
    application = replace(from_settings()[0], name=name)
    for other in ("", "shop"):
        token = make_path_token(uuid4(), other)
        assert application.door.proves({}, b"{}", token) is (other == name)
