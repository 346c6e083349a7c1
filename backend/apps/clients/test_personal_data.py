"""Every table with a client or a person says how it exports, erases and purges its rows."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from apps.audit.models import Entry
from apps.clients.factories import InvitationFactory, MembershipFactory
from apps.clients.models import Client, Invitation, Membership
from apps.clients.own_data import INVITATIONS_STAY
from apps.clients.personal_data import OF_CLIENTS, OF_PEOPLE, Holding, Registry, purge
from apps.clients.persons_end import clients_without_another_owner, erase_person

pytestmark = pytest.mark.django_db


def has_client(model) -> bool:
    return any(field.attname in {"client", "client_id"} or field.related_model is Client for field in fields_of(model))


def has_person(model) -> bool:
    """Whether rows belong to a person. A column that only says who did something becomes empty with the person."""
    people = [field for field in fields_of(model) if field.related_model in {User, Membership}]
    return any(field.remote_field.on_delete is not models.SET_NULL for field in people)


def fields_of(model):
    return [field for field in model._meta.concrete_fields if model._meta.managed]


def test_every_table_with_a_client_is_registered():
    missing = [model._meta.label for model in apps.get_models() if has_client(model) and model not in OF_CLIENTS]
    assert not missing, f"register them in personal_data.py of their app: {missing}"


def test_every_table_with_a_person_is_registered():
    missing = [
        model._meta.label
        for model in apps.get_models()
        if has_person(model) and model not in OF_PEOPLE and model not in OF_CLIENTS
    ]
    assert not missing, f"register them in personal_data.py of their app: {missing}"


def test_what_is_kept_or_left_out_says_why():
    for holding in (*OF_CLIENTS, *OF_PEOPLE):
        assert holding.note or (holding.export and holding.erase), holding.model
    with pytest.raises(ValueError, match="say why"):
        Registry().add(Holding(Client, "x", lambda _client: [], erase=None))


def test_the_registry_notices_a_table_that_is_missing():
    assert not has_client(User)
    assert has_client(Invitation)
    assert Client not in Registry()


def test_old_invitations_and_ended_sessions_are_purged(client):
    old = InvitationFactory(expires_at=timezone.now() - INVITATIONS_STAY - timedelta(days=1))
    new = InvitationFactory(expires_at=timezone.now() - timedelta(days=1))
    member = MembershipFactory()
    client.force_login(member.user)
    from django.contrib.sessions.models import Session

    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    purge()
    assert list(Invitation.objects.all()) == [new]
    assert old.pk
    assert not Session.objects.exists()


def test_erasing_a_person_ends_the_account_and_all_its_sessions(client):
    from allauth.account.models import EmailAddress
    from allauth.usersessions.models import UserSession

    owner = MembershipFactory(role="owner")
    person = MembershipFactory(client=owner.client, role="member").user
    person.set_password("a-long-password-for-tests")
    person.save()
    EmailAddress.objects.create(user=person, email="ana@example.com", verified=True, primary=True)
    client.post("/account/login/", {"login": person.username, "password": "a-long-password-for-tests"})
    assert UserSession.objects.count() == 1
    key = person.pk
    erase_person(person)
    assert not User.objects.filter(pk=key).exists()
    assert not EmailAddress.objects.exists()
    assert not UserSession.objects.exists()
    assert client.get("/account/sessions/").status_code == 302
    assert Membership.objects.get() == owner
    actions = set(Entry.objects.filter(actor=key).values_list("action", flat=True))
    assert {"account.erase", "member.leave"} <= actions


def test_the_only_owner_of_a_client_cannot_go():
    owner = MembershipFactory(role="owner")
    assert clients_without_another_owner(owner.user) == [owner.client]
    with pytest.raises(ValidationError, match=r"only owner|único"):
        erase_person(owner.user)
    MembershipFactory(client=owner.client, role="owner")
    assert clients_without_another_owner(owner.user) == []
    erase_person(owner.user)
    assert Membership.objects.count() == 1


def test_the_owner_of_a_client_that_is_being_erased_can_go():
    owner = MembershipFactory(role="owner", client__erasing_at=timezone.now())
    erase_person(owner.user)
    assert not User.objects.exists()
