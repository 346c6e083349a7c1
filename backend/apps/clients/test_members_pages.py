"""Owners invite, change and remove people; others do not, and owners do it in their own client alone."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client as Browser
from django.utils import timezone

from apps.audit.models import Entry
from apps.clients import invitations, members
from apps.clients.conftest import PASSWORD
from apps.clients.factories import ClientFactory, InvitationFactory, MembershipFactory
from apps.clients.models import Client, Invitation, Membership

pytestmark = pytest.mark.django_db


def link_in(mail) -> str:
    return re.search(r"(/invitations/\S+/)", mail.body).group(1)


def invite(browser, email="bia@example.com", role="member"):
    return browser.post("/settings/members/invite/", {"email": email, "role": role}, follow=True)


def test_a_new_person_comes_in_by_an_invitation_even_while_sign_up_is_closed(owner, mailoutbox, settings):
    settings.SIGNUP_ENABLED = False
    assert "bia@example.com" in invite(owner, role="viewer").text
    guest = Browser()
    assert "Casa da Ana" in guest.get(link_in(mailoutbox[0]), follow=True).text
    other = guest.post("/account/signup/", {"email": "eva@example.com", "password1": PASSWORD})
    assert other.status_code == 200
    assert not User.objects.filter(email="eva@example.com").exists()
    answer = guest.post("/account/signup/", {"email": "Bia@example.com", "password1": PASSWORD})
    assert answer["Location"] == "/"
    membership = Membership.objects.get(user__email="bia@example.com")
    assert (membership.client, membership.role) == (owner.membership.client, "viewer")
    assert Client.objects.count() == 1
    assert EmailAddress.objects.get(email="bia@example.com").verified
    actions = set(Entry.objects.filter(client=membership.client_id).values_list("action", flat=True))
    assert {"invitation.create", "invitation.accept"} <= actions


def test_only_the_digest_of_a_token_is_stored_and_the_address_is_sealed(owner, mailoutbox):
    invite(owner)
    row = Invitation.objects.get()
    token = link_in(mailoutbox[0]).split("/")[2]
    stored = bytes(row.token_digest) + bytes(row.email_sealed) + bytes(row.email_index)
    assert token.encode() not in stored
    assert b"bia" not in stored
    assert row.email == "bia@example.com"
    assert invitations.find(token) == row
    assert invitations.find("x") is None


def test_a_person_with_an_account_accepts(owner, browser_of, mailoutbox):
    invite(owner, email="bia@example.com")
    bia = MembershipFactory(role="owner")
    bia.user.email = "bia@example.com"
    browser = browser_of(bia)
    page = browser.get(link_in(mailoutbox[0]), follow=True)
    assert "Casa da Ana" in page.text
    assert browser.post("/invitations/", {"invitation": Invitation.objects.get().pk})["Location"] == "/"
    assert browser.session["client"] == str(owner.membership.client_id)
    assert Membership.objects.filter(user=bia.user).count() == 2
    assert browser.get(link_in(mailoutbox[0])).status_code == 404


def test_an_invitation_for_another_address_opens_nothing(owner, browser_of, mailoutbox):
    invite(owner, email="bia@example.com")
    eva = browser_of(MembershipFactory(role="owner"))
    eva.get(link_in(mailoutbox[0]))
    page = eva.post("/invitations/", {"invitation": Invitation.objects.get().pk}, follow=True)
    assert page.status_code == 200
    assert not Membership.objects.filter(user=eva.membership.user, client=owner.membership.client).exists()


def test_an_address_that_is_not_proved_accepts_nothing(owner):
    row, _token = invitations.invite(owner.membership, "bia@example.com", "member")
    bia = MembershipFactory().user
    EmailAddress.objects.create(user=bia, email="bia@example.com", verified=False, primary=True)
    with pytest.raises(ValidationError):
        invitations.accept_as(bia, row, has_token=True)
    assert invitations.open_for(bia) == []
    EmailAddress.objects.update(verified=True)
    assert invitations.open_for(bia) == [row]


def test_without_mail_only_the_token_opens_an_invitation(owner, settings):
    settings.EMAIL_HOST = ""
    row, token = invitations.invite(owner.membership, "bia@example.com", "owner")
    form = {"email": "bia@example.com", "password1": PASSWORD}
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    guesser = Browser()
    guesser.post("/account/signup/", form)
    assert "Casa da Ana" not in guesser.get("/clients/").text
    assert guesser.post("/invitations/", {"invitation": row.pk}).status_code == 404
    bia = User.objects.get(email="bia@example.com")
    with pytest.raises(ValidationError):
        invitations.accept_as(bia, row, has_token=False)
    guesser.get(f"/invitations/{token}/")
    assert guesser.post("/invitations/", {"invitation": row.pk})["Location"] == "/"


def test_an_invitation_cannot_be_guessed_by_its_number(owner, browser_of):
    row, _token = invitations.invite(owner.membership, "bia@example.com", "owner")
    eva = browser_of(MembershipFactory(role="owner"))
    assert eva.post("/invitations/", {"invitation": row.pk}).status_code == 404
    assert Browser().post("/invitations/", {"invitation": row.pk}).status_code == 302


def test_an_invitation_ends_after_seven_days_or_when_it_is_withdrawn_or_sent_again(owner, mailoutbox):
    invite(owner)
    row = Invitation.objects.get()
    first = link_in(mailoutbox[0])
    owner.post(f"/settings/members/invitations/{row.pk}/resend/")
    assert Browser().get(first).status_code == 404
    second = link_in(mailoutbox[1])
    assert Browser().get(second).status_code == 302
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Browser().get(second).status_code == 404
    owner.post(f"/settings/members/invitations/{row.pk}/resend/")
    third = link_in(mailoutbox[2])
    owner.post(f"/settings/members/invitations/{row.pk}/revoke/")
    assert Browser().get(third).status_code == 404
    assert timedelta(days=7) == invitations.LASTS
    assert Entry.objects.filter(action__startswith="invitation.").count() == 4


def test_a_server_without_mail_shows_the_link_once(owner, settings):
    settings.EMAIL_HOST = ""
    page = invite(owner)
    link = re.search(r"(/invitations/\S+?/)<", page.text).group(1)
    assert Browser().get(link).status_code == 302
    assert link not in owner.get("/settings/members/").text


def test_the_same_person_is_not_invited_twice_and_no_member_is_invited(owner, member_of, mailoutbox):
    member = member_of(owner)
    invite(owner)
    invite(owner, email="BIA@example.com")
    invite(owner, email=member.membership.user.email)
    assert len(mailoutbox) == 1


def test_there_is_a_limit_of_open_invitations(owner, monkeypatch):
    monkeypatch.setattr(invitations, "MOST_OPEN", 2)
    for number in range(2):
        invitations.invite(owner.membership, f"p{number}@example.com", "member")
    with pytest.raises(ValidationError):
        invitations.invite(owner.membership, "p3@example.com", "member")


@pytest.mark.parametrize("email", ["", "x", "a@b", "a\n@example.com"])
def test_a_wrong_address_is_refused(owner, email, mailoutbox):
    assert invite(owner, email=email).status_code == 422
    assert not mailoutbox
    assert invite(owner, role="king").status_code == 422
    assert not Invitation.objects.exists()


def test_an_owner_changes_roles_and_removes_members(owner, member_of):
    member = member_of(owner).membership
    owner.post(f"/settings/members/{member.pk}/role/", {"role": "viewer"})
    member.refresh_from_db()
    assert member.role == "viewer"
    owner.post(f"/settings/members/{member.pk}/role/", {"role": "king"})
    member.refresh_from_db()
    assert member.role == "viewer"
    owner.post(f"/settings/members/{member.pk}/remove/")
    assert not Membership.objects.filter(pk=member.pk).exists()
    assert Entry.objects.filter(action__in=["member.role", "member.remove"]).count() == 2


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_others_decide_nothing(owner, member_of, role):
    browser = member_of(owner, role)
    target = owner.membership.pk
    invitation = InvitationFactory(client=owner.membership.client)
    places = (
        ("invite/", {"email": "x@example.com", "role": "owner"}),
        ("rename/", {"name": "Meu"}),
        (f"{target}/role/", {"role": "viewer"}),
        (f"{browser.membership.pk}/role/", {"role": "owner"}),
        (f"{target}/remove/", {}),
        (f"invitations/{invitation.pk}/resend/", {}),
        (f"invitations/{invitation.pk}/revoke/", {}),
    )
    for place, form in places:
        assert browser.post(f"/settings/members/{place}", form).status_code == 403, place
    page = browser.get("/settings/members/").text
    assert "guest@example.com" not in page
    assert Membership.objects.filter(client=owner.membership.client).count() == 2
    assert Entry.objects.filter(client=owner.membership.client_id).count() == 0


def test_an_owner_touches_nobody_of_another_client(owner):
    other = MembershipFactory(role="member")
    invitation = InvitationFactory(client=other.client)
    for place in (f"{other.pk}/role/", f"{other.pk}/remove/"):
        assert owner.post(f"/settings/members/{place}", {"role": "viewer"}).status_code == 404
    for verb in ("resend", "revoke"):
        assert owner.post(f"/settings/members/invitations/{invitation.pk}/{verb}/").status_code == 404
    other.refresh_from_db()
    invitation.refresh_from_db()
    assert (other.role, invitation.revoked_at) == ("member", None)
    with pytest.raises(ValidationError):
        members.remove(owner.membership, other)
    assert Membership.objects.filter(pk=other.pk).exists()


def test_of_two_that_remove_the_same_member_at_once_the_second_is_told(owner, member_of):
    member = member_of(owner).membership
    seen_by_both = Membership.objects.get(pk=member.pk)
    members.remove(owner.membership, member)
    for verb in (members.remove, lambda by, of: members.change_role(by, of, "viewer")):
        with pytest.raises(ValidationError) as refused:
            verb(owner.membership, seen_by_both)
        assert refused.value.code == "gone"


def test_the_last_owner_stays(owner, member_of):
    key = owner.membership.pk
    assert owner.post("/settings/members/leave/")["Location"] == "/settings/members/"
    owner.post(f"/settings/members/{key}/role/", {"role": "viewer"})
    owner.membership.refresh_from_db()
    assert owner.membership.role == "owner"
    second = member_of(owner, "owner")
    assert owner.post("/settings/members/leave/")["Location"] == "/"
    assert not Membership.objects.filter(pk=key).exists()
    second.post("/settings/members/leave/")
    assert Membership.objects.filter(pk=second.membership.pk).exists()


def test_a_viewer_may_leave(owner, member_of):
    viewer = member_of(owner, "viewer")
    assert viewer.post("/settings/members/leave/")["Location"] == "/"
    assert Membership.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_leave_one_behind(owner, member_of):
    import threading

    from django.db import connection, transaction

    second = member_of(owner, "owner").membership
    first = owner.membership
    results = []

    def leave_too():
        try:
            members.leave(second)
            results.append("left")
        except ValidationError:
            results.append("stays")
        finally:
            connection.close()

    thread = threading.Thread(target=leave_too)
    with transaction.atomic():
        members.leave(first)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(10)
    assert results == ["stays"]


def test_an_owner_renames_the_client(owner):
    owner.post("/settings/members/rename/", {"name": "  Nossa   casa "})
    owner.membership.client.refresh_from_db()
    assert owner.membership.client.name == "Nossa casa"
    for wrong in ("", "   ", "x" * 121, "a\x00b"):
        owner.post("/settings/members/rename/", {"name": wrong})
        owner.membership.client.refresh_from_db()
        assert owner.membership.client.name == "Nossa casa"
    assert Entry.objects.filter(action="client.rename").count() == 1


def test_a_person_adds_a_client_and_looks_at_it(owner):
    assert owner.post("/clients/", {"name": "Empresa"})["Location"] == "/"
    new = Client.objects.get(name="Empresa")
    assert owner.session["client"] == str(new.pk)
    assert Membership.objects.get(client=new).role == "owner"
    assert owner.post("/clients/", {"name": ""}).status_code == 422
    assert "Casa da Ana" in owner.get("/clients/").text


def test_a_person_without_a_client_is_led_to_make_one(owner):
    Membership.objects.all().delete()
    assert owner.get("/clients/").status_code == 200
    assert owner.get("/settings/").status_code == 200
    assert owner.get("/settings/members/").status_code == 404


def test_two_clients_see_nothing_of_each_other(owner, browser_of):
    other = browser_of(MembershipFactory(role="owner", client__name="Casa do Zé"))
    InvitationFactory(client=other.membership.client, email="segredo@example.com")
    ClientFactory(name="Casa de ninguém")
    for place in ("/settings/", "/settings/security/", "/settings/members/", "/settings/data/", "/clients/"):
        page = owner.get(place)
        assert page.status_code == 200
        for foreign in ("Casa do Zé", "segredo@", other.membership.user.email, str(other.membership.client_id)):
            assert foreign not in page.text, place


def test_the_members_page_costs_the_same_with_many_members(owner, django_assert_num_queries):
    for turn in range(2):
        with django_assert_num_queries(5):
            assert owner.get("/settings/members/").status_code == 200
        MembershipFactory.create_batch(5, client=owner.membership.client)
        for number in range(3):
            InvitationFactory(client=owner.membership.client, email=f"{turn}{number}@example.com")


def test_the_verbs_check_the_role_themselves(owner):
    viewer = MembershipFactory(client=owner.membership.client, role="viewer")
    for call in (
        lambda: invitations.invite(viewer, "x@example.com", "member"),
        lambda: members.remove(viewer, owner.membership),
        lambda: members.change_role(viewer, viewer, "owner"),
    ):
        with pytest.raises(PermissionDenied):
            call()
