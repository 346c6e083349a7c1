"""A request shows the client that the person chose, and never one of which the person is no member."""

import uuid

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.utils import timezone

from apps.clients.current import CHOICE, CurrentMembership, membership_of
from apps.clients.factories import ClientFactory, MembershipFactory, UserFactory
from apps.clients.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_memberships():
    first = MembershipFactory()
    return first, MembershipFactory(user=first.user)


@pytest.fixture
def request_of():
    def make(user, **session):
        request = RequestFactory().get("/")
        request.user, request.session = user, session
        seen = []
        CurrentMembership(seen.append)(request)
        return seen[0]

    return make


def test_without_a_choice_the_oldest_membership_counts(two_memberships):
    first, _second = two_memberships
    assert membership_of(first.user, None) == first


def test_the_chosen_client_counts(two_memberships):
    first, second = two_memberships
    assert membership_of(first.user, second.client_id) == second


def test_a_choice_that_the_person_has_left_or_never_had_counts_no_more(two_memberships):
    first, second = two_memberships
    second.delete()
    assert membership_of(first.user, second.client_id) == first
    assert membership_of(first.user, ClientFactory().pk) == first


def test_a_client_that_is_being_erased_is_not_shown(two_memberships):
    first, second = two_memberships
    first.client.erasing_at = timezone.now()
    first.client.save()
    assert membership_of(first.user, first.client_id) == second


def test_a_barred_person_and_a_person_without_a_client_have_none():
    membership = MembershipFactory(user__is_active=False)
    assert membership_of(membership.user, None) is None
    assert membership_of(UserFactory(), None) is None


def test_a_request_reads_the_membership_once_and_only_if_asked(request_of, two_memberships, django_assert_num_queries):
    user, second = two_memberships[0].user, two_memberships[1]
    with django_assert_num_queries(0):
        request = request_of(user, **{CHOICE: str(second.client_id)})
    with django_assert_num_queries(1):
        assert request.membership == second
        assert request.membership.client.name


def test_a_stranger_costs_no_query(request_of, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert request_of(AnonymousUser()).membership is None


def test_a_session_with_an_odd_choice_has_the_oldest_membership(request_of, two_memberships):
    assert request_of(two_memberships[0].user, **{CHOICE: "casa"}).membership == two_memberships[0]


def test_a_person_switches_between_own_clients(client, two_memberships):
    first, second = two_memberships
    client.force_login(first.user)
    answer = client.post("/clients/switch/", {"client": second.client_id, "next": "/settings/"})
    assert (answer.status_code, answer["Location"]) == (302, "/settings/")
    assert client.session[CHOICE] == str(second.client_id)


def test_another_persons_client_cannot_be_chosen(client, two_memberships):
    client.force_login(two_memberships[0].user)
    other = MembershipFactory()
    for strange in (other.client_id, uuid.uuid4(), "casa", ""):
        assert client.post("/clients/switch/", {"client": strange}).status_code == 404
    assert CHOICE not in client.session


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_switching_leads_to_no_other_server(client, two_memberships, place):
    first, second = two_memberships
    client.force_login(first.user)
    assert client.post("/clients/switch/", {"client": second.client_id, "next": place})["Location"] == "/"


def test_only_a_post_switches_and_strangers_are_sent_to_the_login(client, two_memberships):
    form = {"client": two_memberships[1].client_id}
    assert "login" in client.post("/clients/switch/", form)["Location"]
    client.force_login(two_memberships[0].user)
    assert client.get("/clients/switch/").status_code == 405


@pytest.mark.parametrize(("role", "may_write", "is_owner"), [("owner", 1, 1), ("member", 1, 0), ("viewer", 0, 0)])
def test_a_viewer_changes_nothing_and_an_owner_decides(role, may_write, is_owner):
    membership = MembershipFactory(role=role)
    assert (membership.may_write, membership.is_owner) == (may_write, is_owner)
    assert Membership.objects.get().role == role
