"""The admin's pages of people: what support never sees, what cannot be done by hand, and what cannot be edited."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.urls import reverse
from django_celery_beat.models import PeriodicTask
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from apps.audit.models import Entry
from apps.banking import factories
from apps.banking.models import Account, Identity, Loan
from apps.clients.browse import AuditedAdmin, Tombstones
from apps.clients.factories import MembershipFactory, UserFactory
from apps.clients.models import Client, Membership
from apps.events.models import Event
from apps.integrations.models import Contact, Message
from core.test_admin import OURS, a_row_of

pytestmark = pytest.mark.django_db

SEALED = {
    Account: {"number": "98765-4321", "tax_number": "761.092.776-73", "owner": "Ana Segredo"},
    Identity: {"full_name": "Ana Segredo", "document": "761.092.776-73", "emails": [{"value": "segredo@example.com"}]},
    Loan: {"contract_number": "98765-4321"},
    Contact: {"name": "Ana Segredo", "phone": "+5511987654321", "email": "segredo@example.com", "handle": "98765@lid"},
    Message: {"content": "Segredo"},
}
SECRETS = ("98765", "Segredo", "segredo@", "761.092", "Maria", "_sealed", "md5$", "pbkdf2", "argon2")


def address(model, name: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.fixture
def enter(client):
    """A browser of somebody of the staff, in these groups."""

    def signed_in(*groups: str, **columns):
        person = UserFactory(is_staff=True, **columns)
        person.groups.set(Group.objects.filter(name__in=groups))
        client.force_login(person)
        client.person = person
        return client

    return signed_in


@pytest.fixture
def root(enter):
    return enter(is_superuser=True)


def a_row_with_secrets(model):
    row = a_row_of(model) or MembershipFactory()
    for name, value in SEALED.get(model, {}).items():
        setattr(row, name, value)
    if model in SEALED:
        row.save()
    return row


def addresses_of(model, row):
    queries = ["", f"?q={row.pk}"]
    queries += ["?deleted=all"] if Tombstones in getattr(admin.site._registry[model], "list_filter", ()) else []
    lists = [address(model, "changelist") + query for query in queries]
    return [*lists, *(address(model, name, row.pk) for name in ("change", "history", "delete"))]


@pytest.mark.parametrize("model", [*OURS, User], ids=lambda model: model._meta.label)
def test_support_sees_no_secret_on_any_page(enter, model):
    support = enter("support")
    row = a_row_with_secrets(model)
    if model is User:
        row = UserFactory()
        row.set_password("Segredo")
        row.save()
    for url in addresses_of(model, row):
        answer = support.get(url)
        assert answer.status_code in (200, 403), url
        assert not [secret for secret in SECRETS if secret in answer.content.decode()], url


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_what_a_form_would_offer_shows_support_names_and_ids_alone(enter, model):
    support = enter("support")
    a_row_with_secrets(model)
    for field in model._meta.concrete_fields:
        if field.is_relation:
            query = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field.name}
            answer = support.get(reverse("admin:autocomplete"), {**query, "term": ""})
            assert answer.status_code in (200, 403)
            assert not [secret for secret in SECRETS if secret in answer.content.decode()]


def test_a_column_that_is_no_filter_cannot_be_read_letter_by_letter(root):
    Event.objects.create(source="pluggy", event_id="secret", kind="k", mailbox="m", payload=b"")
    for query in ("event_id__startswith=s", "error_code__contains=x", "client__name__startswith=a"):
        assert root.get(f"{address(Event, 'changelist')}?{query}").status_code == 400, query


def test_every_page_is_unfolds_and_audited_and_what_opens_accounts_has_none():
    assert all(isinstance(page, AuditedAdmin) for page in admin.site._registry.values())
    for model in (EmailAddress, Authenticator, UserSession, Session, OutstandingToken, BlacklistedToken):
        assert not admin.site.is_registered(model), model


# --- what the server refuses ---


def test_a_person_who_may_only_look_has_no_action_on_any_list(rf):
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.set(
        Permission.objects.filter(codename__startswith="view_").exclude(codename="view_payload")
    )
    request = rf.get("/")
    request.user = viewer
    actions = {model._meta.label: list(page.get_actions(request)) for model, page in admin.site._registry.items()}
    assert {label: names for label, names in actions.items() if names} == {}


def test_an_action_that_is_posted_by_hand_needs_its_permission(client):
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_periodictask"))
    client.force_login(viewer)
    task = PeriodicTask.objects.get(task="events.sweep")
    url = address(PeriodicTask, "changelist")
    for name in ("disable_tasks", "toggle_tasks", "run_tasks", "delete_selected"):
        client.post(url, {"action": name, "_selected_action": [task.pk], "post": "yes"})
    assert PeriodicTask.objects.get(pk=task.pk).enabled
    assert not Entry.objects.exists()


def test_an_action_is_audited_whatever_else_the_form_names(root):
    task = PeriodicTask.objects.get(task="events.sweep")
    names = {"action": ["delete_selected", "disable_tasks"], "index": "1", "_selected_action": [task.pk]}
    root.post(address(PeriodicTask, "changelist"), names)
    assert not PeriodicTask.objects.get(pk=task.pk).enabled
    assert [entry.action for entry in Entry.objects.all()] == ["periodictask.disable_tasks"]


# --- what would lie ---


@pytest.fixture
def owner():
    return MembershipFactory(role="owner")


def save(browser, member: Membership, **columns):
    values = {"client": member.client_id, "user": member.user_id, "role": member.role, **columns}
    answer = browser.post(address(Membership, "change", member.pk), values)
    member.refresh_from_db()
    return answer


def test_a_membership_stays_with_its_person_and_its_client(root, owner):
    factories.ConnectionFactory(member=owner, client=owner.client)
    other = MembershipFactory()
    before = (owner.client_id, owner.user_id)
    assert save(root, owner, client=other.client_id, user=other.user_id).status_code == 302
    assert (owner.client_id, owner.user_id) == before


def test_a_client_keeps_its_last_owner(root, owner):
    assert "precisa de" in save(root, owner, role="member").content.decode()
    assert owner.role == "owner"
    assert root.post(address(Membership, "delete", owner.pk), {"post": "yes"}).status_code == 403
    root.post(
        address(Membership, "changelist"), {"action": "delete_selected", "_selected_action": [owner.pk], "post": "y"}
    )
    assert Membership.objects.filter(pk=owner.pk).exists()
    MembershipFactory(client=owner.client, role="owner")
    save(root, owner, role="member")
    assert owner.role == "member"
    assert root.post(address(Membership, "delete", owner.pk), {"post": "yes"}).status_code == 302
    assert not Membership.objects.filter(pk=owner.pk).exists()


def test_people_and_clients_are_not_deleted_here(root, owner):
    for row in (owner.client, owner.user):
        assert root.post(address(type(row), "delete", row.pk), {"post": "yes"}).status_code == 403
    assert Client.objects.filter(pk=owner.client_id).exists()


def test_an_address_that_was_proved_is_the_persons_to_change(root, owner):
    person = owner.user
    url = address(User, "change", person.pk)
    assert 'name="email"' in root.get(url).content.decode()
    EmailAddress.objects.create(user=person, email="ana@example.com", verified=True, primary=True)
    page = root.get(url).content.decode()
    assert 'name="email"' not in page
    assert "confirmado" in page


@pytest.fixture
def secured(owner):
    """A person with a session, a second factor and codes to replace it."""
    TOTP.activate(owner.user, generate_totp_secret())
    RecoveryCodes.activate(owner.user)
    UserSession.objects.create(user=owner.user, ip="127.0.0.1", session_key="a-key", user_agent="x")
    Session.objects.create(session_key="a-key", session_data="", expire_date="2100-01-01T00:00:00Z")
    return owner.user


def act(browser, person: User, name: str, reason: str = ""):
    form = {"action": name, "_selected_action": [person.pk], **({"reason": reason} if reason else {})}
    return browser.post(address(User, "changelist"), form)


def test_operators_sign_a_person_out_and_remove_a_second_factor_with_a_reason(enter, secured):
    operator = enter("operators")
    assert 'value="sign_out"' in operator.get(address(User, "change", secured.pk)).content.decode()
    act(operator, secured, "sign_out")
    assert not Session.objects.filter(session_key="a-key").exists()
    act(operator, secured, "remove_second_factor")
    assert Authenticator.objects.count() == 2
    act(operator, secured, "remove_second_factor", reason="lost phone")
    assert not Authenticator.objects.exists()
    entries = Entry.objects.order_by("pk").values_list("action", "reason", "subject")
    subject = f"auth.user:{secured.pk}"
    assert list(entries) == [("user.sign_out", "", subject), ("user.remove_second_factor", "lost phone", subject)]


def test_an_operator_does_neither_to_staff_and_support_to_nobody(enter, secured):
    act(enter("support"), secured, "remove_second_factor", reason="x")
    User.objects.filter(pk=secured.pk).update(is_staff=True)
    operator = enter("operators")
    for name in ("sign_out", "remove_second_factor"):
        act(operator, secured, name, reason="x")
    assert (Authenticator.objects.count(), UserSession.objects.filter(user=secured).count()) == (2, 1)
    assert not Entry.objects.exists()
