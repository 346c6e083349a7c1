"""What agents leave, for tests."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from apps.agents import models
from apps.clients.factories import MembershipFactory

LATER: Any = factory.LazyFunction(lambda: datetime.now(UTC) + timedelta(days=1))
RANDOM: Any = factory.LazyFunction(lambda: os.urandom(16))


class ApplicationFactory(DjangoModelFactory[models.Application]):
    class Meta:
        model = models.Application

    name = "Assistant"
    redirect_uris = ["https://assistant.example/back"]


class GrantFactory(DjangoModelFactory[models.Grant]):
    class Meta:
        model = models.Grant

    application = factory.SubFactory(ApplicationFactory)
    member = factory.SubFactory(MembershipFactory)
    scopes = ["read"]
    resource = "https://ponte.example.com/mcp"
    expires_at = LATER


class CredentialFactory(DjangoModelFactory[models.Credential]):
    class Meta:
        model = models.Credential

    grant = factory.SubFactory(GrantFactory)
    kind = "access"
    lookup = RANDOM
    digest = RANDOM
    expires_at = LATER


class CallFactory(DjangoModelFactory[models.Call]):
    class Meta:
        model = models.Call

    class Params:
        member = factory.SubFactory(MembershipFactory)

    client = factory.SelfAttribute("member.client")
    user = factory.SelfAttribute("member.user")
    tool = "list_accounts"
