"""Tenants for tests."""

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from factory.django import DjangoModelFactory

from apps.clients.models import Client, Membership


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
