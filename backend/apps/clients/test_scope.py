"""Nobody sees rows of a client they are not a member of."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from apps.clients.factories import ClientFactory, MembershipFactory, UserFactory
from apps.clients.models import Membership

pytestmark = pytest.mark.django_db


def test_a_user_is_a_member_of_a_client_once():
    one = MembershipFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        MembershipFactory(client=one.client, user=one.user)


def test_only_known_roles_are_stored():
    with pytest.raises(IntegrityError), transaction.atomic():
        MembershipFactory(role="king")


def test_a_client_takes_its_memberships_along_and_leaves_the_people():
    one = MembershipFactory()
    one.client.delete()
    one.user.refresh_from_db()
    assert not Membership.objects.exists()


def test_names_are_what_staff_reads():
    assert str(ClientFactory(name="Casa")) == "Casa"
    assert str(UserFactory()) not in str(MembershipFactory(role="owner"))
    assert AnonymousUser().is_authenticated is False
