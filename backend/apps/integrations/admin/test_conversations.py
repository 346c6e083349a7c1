"""Staff find contacts, conversations and messages of every client, and read nobody's name, number or content."""

import pytest
from django.contrib.auth.models import User

from apps.integrations.factories import ContactFactory, ConversationFactory, IntegrationFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, settings):
    settings.STAFF_MFA_REQUIRED = False
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_staff_see_all_of_it_masked_and_find_it_by_ids(staff):
    contact = ContactFactory(name="Ana Exemplo", phone="+5511988887777", email="ana@exemplo.com")
    thread = ConversationFactory(contact=contact, integration=IntegrationFactory(client=contact.client))
    message = MessageFactory(conversation=thread, content="segredo")
    ContactFactory(name="Bia Outra")
    pages = {"contact": contact, "conversation": thread, "message": message}
    for name, row in pages.items():
        listed = staff.get(f"/admin/integrations/{name}/", {"q": str(row.pk)})
        detail = staff.get(f"/admin/integrations/{name}/{row.pk}/change/")
        assert (listed.status_code, detail.status_code) == (200, 200), name
        for text in (listed.text, detail.text):
            assert not [word for word in ("Exemplo", "98888", "ana@", "segredo", "Bia", "B•••") if word in text], name
    assert "A••• E•••" in staff.get("/admin/integrations/contact/", {"q": str(contact.client_id)}).text
    assert "B•••" in staff.get("/admin/integrations/contact/").text
    assert "A••• E•••" not in staff.get("/admin/integrations/contact/", {"q": "Ana"}).text
    assert "WhatsApp" in staff.get(f"/admin/integrations/contact/{contact.pk}/change/").text
