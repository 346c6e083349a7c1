"""The page of staff about webhooks: it compares, does the steps, and says what is wrong, in words."""

import pytest
from django.urls import reverse

from apps.audit.models import Entry
from apps.banking.admin.step_words import in_words
from apps.clients.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def ask(staff, do: str = "compare"):
    return staff.post(reverse("admin:banking_webhooks"), {"application": "pluggy", "do": do}, follow=True)


def test_the_page_asks_nothing_until_a_person_wants_it(staff, bank):
    before = bank.calls()
    assert staff.get(reverse("admin:banking_webhooks")).status_code == 200
    assert bank.calls() == before


def test_a_missing_subscription_is_created_and_a_right_one_left_alone(staff, bank):
    assert "criar a assinatura em https://ponte.example.com/" in ask(staff).content.decode()
    ask(staff, "steps")
    assert [entry.details for entry in Entry.objects.filter(action="webhooks.step")] == [{"step": "create"}]
    page = ask(staff).content.decode()
    assert "uma assinatura" in page
    assert "Fazer estes passos" not in page


def test_a_new_secret_is_put_into_the_subscription(staff, bank, settings):
    ask(staff, "steps")
    settings.PLUGGY_WEBHOOK_SECRETS = ["a-new-webhook-secret-for-tests", *settings.PLUGGY_WEBHOOK_SECRETS]
    page = ask(staff).content.decode()
    assert "o segredo não é o nosso" in page
    ask(staff, "steps")
    assert "uma assinatura" in ask(staff).content.decode()
    assert "a-new-webhook-secret" not in page


def test_without_a_public_address_the_page_says_so(staff, settings):
    settings.PUBLIC_URL = ""
    assert "PUBLIC_URL" in ask(staff).content.decode()


def test_an_aggregator_that_does_not_answer_is_told_in_words(staff, bank):
    bank.fault("500", "GET /webhooks")
    assert "não respondeu como esperado" in ask(staff).content.decode()


def test_a_step_that_nobody_knows_is_shown_as_it_is():
    assert in_words("paint it green") == "paint it green"
