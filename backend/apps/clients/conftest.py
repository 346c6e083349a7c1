"""People who are signed in, as owners, members and viewers of a client."""

import pytest

PASSWORD = "a-long-password-for-tests"


@pytest.fixture
def browser_of():
    """A browser in which the person of a membership is signed in, by the login page, a moment ago."""
    from allauth.account.models import EmailAddress
    from django.test import Client as Browser

    def sign_in(membership):
        user = membership.user
        user.email = user.email or f"{user.username}@example.com"
        user.set_password(PASSWORD)
        user.save()
        EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
        browser = Browser()
        browser.post("/account/login/", {"login": user.email, "password": PASSWORD})
        browser.membership = membership
        return browser

    return sign_in


@pytest.fixture
def owner(browser_of):
    from apps.clients.factories import MembershipFactory

    return browser_of(MembershipFactory(role="owner", client__name="Casa da Ana"))


@pytest.fixture
def member_of(browser_of):
    """A browser of another person in the client of `browser`."""
    from apps.clients.factories import MembershipFactory

    return lambda browser, role="member": browser_of(MembershipFactory(client=browser.membership.client, role=role))
