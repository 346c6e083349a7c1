"""Clients and their memberships."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from apps.clients.factories import ClientFactory, MembershipFactory, UserFactory
from apps.clients.models import Membership

pytestmark = pytest.mark.django_db


def test_a_user_is_a_member_of_a_client_once():
    membership = MembershipFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        MembershipFactory(client=membership.client, user=membership.user)


def test_only_known_roles_are_stored():
    with pytest.raises(IntegrityError), transaction.atomic():
        MembershipFactory(role="king")


def test_deleting_a_client_deletes_its_memberships_but_no_users():
    membership = MembershipFactory()
    membership.client.delete()
    membership.user.refresh_from_db()
    assert not Membership.objects.exists()


def test_staff_see_the_name_of_a_client_but_not_of_a_user():
    assert str(ClientFactory(name="Casa")) == "Casa"
    assert str(UserFactory()) not in str(MembershipFactory(role="owner"))
    assert AnonymousUser().is_authenticated is False
