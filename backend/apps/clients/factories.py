"""Tenants for tests."""

import uuid
from datetime import timedelta
from typing import Any

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.clients.models import Client, Erasure, Invitation, Membership, Profile


class UserFactory(DjangoModelFactory[AbstractBaseUser]):
    class Meta:
        model = get_user_model()

    username = factory.Sequence(lambda n: f"person-{n}")


class ClientFactory(DjangoModelFactory[Client]):
    class Meta:
        model = Client

    name = factory.Sequence(lambda n: f"Client {n}")


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    client = factory.SubFactory(ClientFactory)
    user = factory.SubFactory(UserFactory)


class ProfileFactory(DjangoModelFactory[Profile]):
    class Meta:
        model = Profile

    user = factory.SubFactory(UserFactory)


class InvitationFactory(DjangoModelFactory[Invitation]):
    class Meta:
        model = Invitation

    client = factory.SubFactory(ClientFactory)
    token_digest = factory.Sequence(lambda n: n.to_bytes(16, "big"))
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=7))

    @classmethod
    def _create(cls, model_class: type[Invitation], *args: Any, **kwargs: Any) -> Invitation:
        email = kwargs.pop("email", "guest@example.com")
        row = model_class(email_index=Invitation.index_of(email), **kwargs)
        row.email = email
        row.save()
        return row


class ErasureFactory(DjangoModelFactory[Erasure]):
    class Meta:
        model = Erasure

    client = factory.LazyFunction(uuid.uuid4)
    asked_by = 1
