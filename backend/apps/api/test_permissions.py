"""What a call may do: by its scope, its client, and the role of its person."""

import pytest
from django.test import Client as Browser
from django.utils import timezone

from apps.api.jwt import make_pair
from apps.audit.models import Entry
from apps.clients.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_token_that_reads_cannot_write(caller):
    program = caller(MembershipFactory(), "read")
    assert program.get("/api/tokens/")[0] == 200
    status, answer = program.delete("/api/tokens/1/")
    assert (status, answer["error_code"]) == (403, "SCOPE_MISSING")
    assert answer["details"] == {"scope": "write"}


def test_a_token_without_reading_reads_nothing(caller):
    assert caller(MembershipFactory(), "identity").get("/api/me/")[1]["error_code"] == "SCOPE_MISSING"


def test_a_viewer_may_read_and_not_write(caller):
    member = MembershipFactory()
    program = caller(member, "read", "write")
    member.role = "viewer"
    member.save()
    assert program.get("/api/tokens/")[0] == 200
    status, answer = program.delete("/api/tokens/1/")
    assert (status, answer["error_code"]) == (403, "READ_ONLY_ROLE")


def test_a_client_that_is_being_erased_is_closed(caller, stranger):
    member = MembershipFactory()
    program = caller(member)
    stranger.token = make_pair(member.user, None).access
    member.client.erasing_at = timezone.now()
    member.client.save()
    assert program.get("/api/me/")[0] == 401
    assert stranger.get("/api/me/")[0] == 401


def test_a_person_without_a_client_sees_who_they_are_and_no_data(stranger):
    stranger.browser.force_login(UserFactory())
    status, answer = stranger.get("/api/me/")
    assert status == 200
    assert answer["me"]["client"] is None
    status, answer = stranger.get("/api/tokens/")
    assert (status, answer["error_code"]) == (403, "NO_CLIENT")


def test_no_cache_may_store_an_answer(caller, stranger):
    for program, status in ((caller(MembershipFactory()), 200), (stranger, 401)):
        assert program.get("/api/me/")[0] == status
        assert "no-store" in program.answer["Cache-Control"]


def test_a_token_makes_no_tokens(caller):
    status, answer = caller(MembershipFactory()).post("/api/tokens/", {"name": "x", "scopes": ["read"]})
    assert (status, answer["error_code"]) == (403, "NOT_BY_TOKEN")


def test_a_token_is_listed_without_its_text_and_can_end_itself(caller):
    member = MembershipFactory()
    program = caller(member, "read", "write")
    caller(MembershipFactory())
    (row,) = program.get("/api/tokens/")[1]["tokens"]
    assert program.token not in str(row)
    assert row["prefix"] == program.token[:12]
    assert row["last_used_at"]
    assert program.delete(f"/api/tokens/{row['id']}/")[0] == 200
    assert program.get("/api/tokens/")[0] == 401
    assert list(Entry.objects.filter(actor=member.user_id).order_by("id").values_list("action", flat=True)) == [
        "token.create",
        "token.use",
        "token.revoke",
    ]


def test_the_audit_says_which_token_ended_which(caller):
    member = MembershipFactory()
    program, other = caller(member), caller(member)
    last, first = program.get("/api/tokens/")[1]["tokens"]
    assert other.token.startswith(last["prefix"])
    assert program.delete(f"/api/tokens/{last['id']}/")[0] == 200
    entry = Entry.objects.get(action="token.revoke")
    assert (entry.via, entry.token, entry.subject) == ("token", first["id"], f"api.accesstoken:{last['id']}")
    made = Entry.objects.filter(action="token.create").values_list("via", "token")
    assert set(made) == {("session", None)}


def test_the_token_of_another_person_is_404(caller):
    program = caller(MembershipFactory())
    other = caller(MembershipFactory()).get("/api/tokens/")[1]["tokens"][0]["id"]
    for number in (other, 0, 2**63, 10**30):
        assert program.delete(f"/api/tokens/{number}/")[0] == 404


def test_a_jwt_makes_a_token_that_is_shown_once(stranger, caller):
    member = MembershipFactory()
    stranger.token = make_pair(member.user, None).access
    status, answer = stranger.post("/api/tokens/", {"name": "a script", "scopes": ["read"], "days": None})
    assert status == 201
    program = caller(member)
    program.token = answer["token"]["text"]
    assert program.get("/api/me/")[1]["me"]["scopes"] == ["read"]
    assert answer["token"]["expires_at"] is None
    assert stranger.post("/api/tokens/", {"name": "x", "scopes": ["staff"]})[1]["error_code"] == "SCOPE_REFUSED"


def test_the_clients_of_a_person_are_listed(caller):
    member = MembershipFactory()
    second = MembershipFactory(user=member.user)
    MembershipFactory(user=member.user, client__erasing_at=timezone.now())
    MembershipFactory()
    MembershipFactory(user=member.user, client__erasing_at=timezone.now())
    rows = caller(member).get("/api/clients/")[1]["clients"]
    assert [row["id"] for row in rows] == [str(member.client_id), str(second.client_id)]


def test_a_session_needs_the_csrf_token_only_for_changes(stranger):
    stranger.browser = Browser(enforce_csrf_checks=True)
    stranger.browser.force_login(MembershipFactory().user)
    assert stranger.get("/api/me/")[1]["me"]["via"] == "session"
    body = {"name": "x", "scopes": ["read"]}
    assert stranger.post("/api/tokens/", body)[1]["error_code"] == "CSRF_FAILED"
    stranger.browser.get("/settings/tokens/")
    proof = {"X-CSRFToken": stranger.browser.cookies["csrftoken"].value}
    assert stranger.post("/api/tokens/", body, headers=proof)[0] == 201


def test_a_call_takes_a_fixed_number_of_queries(caller, django_assert_num_queries):
    program = caller(MembershipFactory(), "read")
    program.get("/api/me/")
    with django_assert_num_queries(1):
        program.get("/api/me/")
    with django_assert_num_queries(2):
        program.get("/api/tokens/")
