"""Pages appear in the language and the time of the person."""

import pytest
from django.conf import settings as stored
from django.db import IntegrityError, transaction
from django.test import RequestFactory
from django.utils import timezone, translation

from apps.clients.factories import MembershipFactory, UserFactory
from apps.clients.models import Profile
from apps.clients.preferences import Preferences, profile_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen_by(client):
    """The language and the time zone in which a person's request runs."""

    def see(user):
        request = RequestFactory().get("/")
        request.user = user
        request.COOKIES[stored.SESSION_COOKIE_NAME] = "x"
        seen = []

        def view(_request):
            seen.extend([translation.get_language(), timezone.get_current_timezone_name()])

        with translation.override("pt-br"):
            Preferences(view)(request)
        return tuple(seen)

    return see


def test_a_person_who_never_chose_has_the_defaults(seen_by):
    assert seen_by(UserFactory()) == ("pt-br", "America/Sao_Paulo")


def test_the_choice_of_a_person_counts(seen_by):
    user = UserFactory()
    Profile.objects.create(user=user, language="en", time_zone="America/Manaus", theme="dark")
    assert seen_by(user) == ("en", "America/Manaus")
    assert timezone.get_current_timezone_name() == "America/Sao_Paulo"


def test_what_this_machine_does_not_know_is_the_default(seen_by):
    user = UserFactory()
    Profile.objects.create(user=user, language="tlh", time_zone="Mars/Olympus")
    assert seen_by(user) == ("pt-br", "America/Sao_Paulo")
    Profile.objects.update(time_zone="../../etc/passwd")
    assert seen_by(type(user).objects.get(pk=user.pk)) == ("pt-br", "America/Sao_Paulo")


def test_an_explicit_choice_wins_over_the_browser(client):
    user = UserFactory()
    Profile.objects.create(user=user, language="pt-br")
    client.force_login(user)
    assert client.get("/account/login/", headers={"accept-language": "en"})["Content-Language"] == "pt-br"


def test_a_stranger_has_the_language_of_the_browser_and_pt_br_otherwise(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/account/login/", headers={"accept-language": "en"})["Content-Language"] == "en"
        assert client.get("/account/login/", headers={"accept-language": "ja"})["Content-Language"] == "pt-br"


def test_a_signed_in_person_costs_no_query_more_for_the_profile(client, django_assert_num_queries):
    user = UserFactory()
    Profile.objects.create(user=user, language="en")
    client.force_login(user)
    with django_assert_num_queries(2):  # the session, and the person with the profile
        assert client.get("/language/").status_code == 405


def test_a_stranger_chooses_a_language_for_the_browser(client):
    answer = client.post("/language/", {"language": "en", "next": "/account/login/"})
    assert answer["Location"] == "/account/login/"
    assert client.get("/account/login/", headers={"accept-language": "pt-br"})["Content-Language"] == "en"


def test_a_signed_in_person_keeps_the_language_everywhere(client):
    membership = MembershipFactory()
    client.force_login(membership.user)
    client.post("/language/", {"language": "en"})
    assert Profile.objects.get(user=membership.user).language == "en"
    client.post("/language/", {"language": "pt-br"})
    assert Profile.objects.get(user=membership.user).language == "pt-br"


def test_a_language_without_pages_is_404(client):
    for code in ("fr", "", "../x"):
        assert client.post("/language/", {"language": code}).status_code == 404


def test_only_known_themes_are_stored():
    with pytest.raises(IntegrityError), transaction.atomic():
        Profile.objects.create(user=UserFactory(), theme="neon")


def test_the_profile_of_nobody_is_the_default():
    assert profile_of(UserFactory()).theme == "auto"
