"""Connecting and changing: the generated form, its errors, and secrets that never come back."""

from django.urls import reverse

from apps.audit.models import Entry as Audit
from apps.integrations.connect.stored import stored_credentials
from apps.integrations.models import Integration
from lib.row_security import client_rows

MAIL = reverse("integrations:connect", args=["smtp"])


def server(smtp, **values):
    """What a person enters to connect the emulator of a mail server."""
    where = smtp.control("GET", "/smtp")
    known = {
        "host": where["host"],
        "port": where["plain"],
        "security": "none",
        "username": where["username"],
        "password": where["password"],
        "from_email": "nota@example.com",
        "timeout": "5",
    }
    return known | values


def own(tenant):
    with client_rows(tenant.pk):
        return Integration.objects.get()


def test_a_mail_server_is_connected_tested_and_changed_without_its_password(person, tenant, smtp):
    assert person.get(MAIL).status_code == 200
    answer = person.post(MAIL, server(smtp, own_name="Loja"), follow=True)
    integration = own(tenant)
    assert answer.redirect_chain[-1][0] == reverse("integrations:integration", args=[integration.pk])
    assert "Loja is connected, and it works." in answer.content.decode()
    assert (integration.name, integration.status) == ("Loja", "connected")
    edit = reverse("integrations:edit", args=[integration.pk])
    password = server(smtp)["password"]
    page = person.get(edit).content.decode()
    assert password not in page
    assert f"Stored, ends in …{password[-4:]}. Leave it empty to keep it." in page
    assert 'value="nota@example.com"' in page
    aliases = "a@example.com, b@example.com\nc@example.com"
    assert person.post(edit, server(smtp, password="", aliases=aliases)).status_code == 302
    stored = stored_credentials(own(tenant))
    assert stored.password.get_secret_value() == password
    assert stored.aliases == ("a@example.com", "b@example.com", "c@example.com")
    assert set(Audit.objects.values_list("action", flat=True)) == {"integration.connect", "integration.change"}
    # A second one of a kind of which one is enough is the first one's form.
    assert person.get(MAIL)["Location"] == edit


def test_a_password_that_is_kept_stays_with_its_server_and_user(person, tenant, smtp):
    person.post(MAIL, server(smtp))
    edit = reverse("integrations:edit", args=[own(tenant).pk])
    for elsewhere in ({"host": "localhost"}, {"port": "9"}, {"username": "eve"}, {"security": "starttls"}):
        answer = person.post(edit, server(smtp, password="", **elsewhere))
        assert answer.status_code == 422
        errors = answer.context["form"].errors
        assert errors == {"password": ["Enter it again: the stored one belongs to another server or user."]}
    assert stored_credentials(own(tenant)).host == server(smtp)["host"]
    assert person.post(edit, server(smtp, host="localhost")).status_code == 302


def test_what_is_wrong_stands_beside_its_field_or_at_the_top(person, tenant, smtp):
    def errors(**values):
        answer = person.post(MAIL, server(smtp, **values))
        assert answer.status_code == 422
        assert "senha-errada" not in answer.content.decode()
        return {name: [str(each) for each in found] for name, found in answer.context["form"].errors.items()}

    assert errors(host="") == {"host": ["This field is required."]}
    assert errors(from_email="nota") == {"from_email": ["Enter an e-mail address like ana@example.com."]}
    assert errors(aliases="a@example.com, b") == {"aliases": ["Enter an e-mail address like ana@example.com."]}
    assert errors(port="70000") == {"port": ["Ensure this value is less than or equal to 65535."]}
    assert errors(password="") == {"__all__": ["Enter both a user name and a password, or neither."]}
    (top,) = errors(password="senha-errada")["__all__"]
    assert top.startswith("The mail server does not accept this user name and password.")
    (top,) = errors(host="127.0.0.1", port="9")["__all__"]
    assert top.startswith("The mail server cannot be reached.")
    (top,) = errors(host="10.0.0.1")["__all__"]
    assert top.startswith("This address is in a private network")
    with client_rows(tenant.pk):
        assert not Integration.objects.exists()
    assert not Audit.objects.exists()


def test_the_password_that_was_typed_is_not_sent_back(person, smtp):
    page = person.post(MAIL, server(smtp, password="senha-errada", host="")).content.decode()
    assert "senha-errada" not in page
