"""OAuth for agents: what is registered, asked, issued, renewed and revoked, and what is refused."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import DataError, connection, transaction

from apps.agents.conftest import BASE, PLACE, back
from apps.agents.identify import identify
from apps.agents.models import Application, Credential, Grant
from apps.agents.oauth import registration
from apps.agents.oauth.places import is_registered, may_register
from apps.agents.personal_data import _ended, _old_calls
from apps.audit.models import Entry
from apps.clients.factories import MembershipFactory
from lib.row_security import client_rows, for_nobody

pytestmark = pytest.mark.django_db
MCP = f"{BASE}/mcp"


def test_a_person_allows_and_the_tokens_open_what_was_allowed_alone(program, person):
    asking = program.asking(scope="read sync identity")
    page = person.sees(asking)
    assert "Robot 9" in page.text
    assert person.member.client.name in page.text
    assert "https://assistant.example" in page.text
    assert page["Cache-Control"] == "private, no-store"
    answer = person.answers(asking, "read", "sync")
    assert answer["Location"].startswith(f"{PLACE}?code=")
    assert back(answer)["state"] == "the state"
    assert back(answer)["iss"] == BASE
    status, found = program.exchange(back(answer)["code"])
    assert (status, found["token_type"], found["scope"], found["expires_in"]) == (200, "Bearer", "read sync", 1800)
    assert "no-store" in program.answer["Cache-Control"]
    caller = identify(found["access_token"], MCP)
    assert caller.access.scopes == {"read", "sync"}
    assert (caller.client, caller.access.user, caller.name) == (person.member.client, person.member.user, "Robot 9")
    assert identify(found["access_token"], "https://other.example/mcp") is None
    assert identify(found["refresh_token"], MCP) is None
    stored = str(list(Credential.objects.values())) + str(list(Entry.objects.values()))
    assert not [text for text in (found["access_token"], found["refresh_token"]) if text in stored]
    assert list(Entry.objects.order_by("id").values_list("action", flat=True)) == ["agent.connect", "agent.use"]


def test_reading_is_proposed_and_nothing_else(program, person):
    page = person.sees(program.asking(scope=None)).text
    assert page.count('type="checkbox"') == 1
    whole = person.sees(program.asking(scope="identity read sync openid")).text
    assert whole.count('type="checkbox"') == 3
    assert whole.count(" checked") == 1


def test_the_person_must_sign_in_and_comes_back(program):
    answer = program.http.get("/authorize", program.asking())
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/?next=/authorize%3F")


def test_a_refusal_goes_back_without_a_code(program, person):
    answer = back(person.answers(program.asking(), decision="refuse"))
    assert (answer["error"], answer["state"]) == ("access_denied", "the state")
    assert not Grant.objects.exists()


@pytest.mark.parametrize("scopes", [["sync"], ["staff"], ["write"], ["nothing"]])
def test_a_form_cannot_allow_more_than_was_asked_for(program, person, scopes):
    assert person.answers(program.asking(), *scopes).status_code == 422
    assert not Grant.objects.exists()


def test_a_viewer_allows_reading_and_cannot_allow_more(program):
    from apps.agents.conftest import Person

    viewer = Person(MembershipFactory(role="viewer"))
    asking = program.asking(scope="read sync")
    assert viewer.sees(asking).text.count('type="checkbox"') == 1
    assert viewer.answers(asking, "sync").status_code == 422
    assert "code" in back(viewer.answers(asking))


def test_a_person_of_two_clients_chooses_one_and_can_choose_no_other(program, person):
    second = MembershipFactory(user=person.member.user)
    stranger = MembershipFactory()
    page = person.sees(program.asking()).text
    assert person.member.client.name in page
    assert second.client.name in page
    person.member = stranger
    assert person.answers(program.asking()).status_code == 422
    person.member = second
    code = back(person.answers(program.asking()))["code"]
    caller = identify(program.exchange(code)[1]["access_token"], MCP)
    assert caller.client == second.client
    # The page of one client lists the applications of all.
    assert second.client.name in person.browser.get("/settings/applications/").text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"resource": "https://other.example/mcp"}, "invalid_target"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"state": "x" * 2001}, "invalid_request"),
    ],
)
def test_a_wrong_question_goes_back_as_an_error(program, person, changes, error):
    answer = back(person.sees(program.asking(**changes)))
    assert (answer["error"], answer["iss"]) == (error, BASE)
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "x"},
        {"client_id": None},
        {"client_id": "00000000-0000-4000-8000-000000000000"},
        {"redirect_uri": f"{PLACE}/"},
        {"redirect_uri": f"{PLACE}?a=b"},
        {"redirect_uri": "https://evil.example/back"},
        {"redirect_uri": ""},
    ],
)
def test_nobody_is_sent_to_a_place_that_was_not_registered(program, person, changes):
    answer = person.sees(program.asking(**changes))
    assert answer.status_code == 400
    assert "Location" not in answer


def test_a_code_works_once_and_the_second_time_ends_everything(program, person):
    code = back(person.answers(program.asking()))["code"]
    found = program.exchange(code)[1]
    assert identify(found["access_token"], MCP)
    status, error = program.exchange(code)
    assert (status, error["error"]) == (400, "invalid_grant")
    assert identify(found["access_token"], MCP) is None
    assert program.renew(found["refresh_token"])[1]["error"] == "invalid_grant"
    assert Entry.objects.filter(action="agent.revoke", via="system").count() == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "https://evil.example/back"}, "invalid_grant"),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, "invalid_grant"),
        ({"resource": "https://other.example/mcp"}, "invalid_target"),
        ({"code": "pontecode_x"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_code_is_exchanged_by_its_program_alone(program, person, changes, error):
    code = back(person.answers(program.asking()))["code"]
    status, answer = program.exchange(**{"code": code, **changes})
    assert (status, answer["error"]) == (400, error)
    assert not Credential.objects.filter(kind="access").exists()
    assert program.exchange(code)[0] == 200


def test_a_code_lasts_a_minute_and_an_access_token_half_an_hour(program, person, tokens):
    code = back(person.answers(program.asking()))["code"]
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61)):
        assert program.exchange(code)[1]["error"] == "invalid_grant"
        assert identify(tokens["access_token"], MCP)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=31)):
        assert identify(tokens["access_token"], MCP) is None
        assert program.renew(tokens["refresh_token"])[0] == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31)):
        assert program.renew(tokens["refresh_token"])[1]["error"] == "invalid_grant"


def test_a_refresh_token_works_once_and_the_second_time_ends_everything(program, tokens):
    status, second = program.renew(tokens["refresh_token"])
    assert status == 200
    assert second["refresh_token"] != tokens["refresh_token"]
    assert program.renew(second["refresh_token"], scope="sync")[1]["error"] == "invalid_scope"
    assert identify(second["access_token"], MCP)
    assert program.renew(tokens["refresh_token"])[1]["error"] == "invalid_grant"
    assert identify(second["access_token"], MCP) is None
    assert program.renew(second["refresh_token"])[1]["error"] == "invalid_grant"


def test_another_program_can_neither_renew_nor_revoke(program, tokens):
    mine = program.id
    program.register()
    assert program.renew(tokens["refresh_token"])[1]["error"] == "invalid_grant"
    assert program.post("/revoke", client_id=program.id, token=tokens["refresh_token"]) == (200, {})
    assert identify(tokens["access_token"], MCP)
    program.id = mine
    assert program.renew(tokens["refresh_token"])[0] == 200


def test_a_program_gives_its_access_back(program, tokens):
    assert program.post("/revoke", client_id=program.id, token=tokens["access_token"]) == (200, {})
    assert identify(tokens["access_token"], MCP) is None
    found = program.renew(tokens["refresh_token"])[1]
    assert program.post("/revoke", client_id=program.id, token=found["refresh_token"]) == (200, {})
    assert identify(found["access_token"], MCP) is None
    assert program.post("/revoke", client_id=program.id, token="nothing") == (200, {})


def test_the_access_ends_with_its_person_and_its_membership(person, tokens):
    user = person.member.user
    user.is_active = False
    user.save()
    assert identify(tokens["access_token"], MCP) is None
    user.is_active = True
    user.save()
    assert identify(tokens["access_token"], MCP)
    person.member.delete()
    assert identify(tokens["access_token"], MCP) is None


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": [PLACE] * 11}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://a.example"}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://a.example/back"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"client_name": "x" * 20_000}, "invalid_client_metadata"),
    ],
)
def test_a_wrong_registration_stores_nothing(program, metadata, error):
    status, answer = program.register(**metadata)
    assert (status, answer["error"]) == (400, error)
    assert Application.objects.count() == 1


def test_a_registration_gets_no_secret_and_a_name_that_people_can_read(program):
    status, answer = program.register(
        client_name="Cla\u202eude\n<b>", token_endpoint_auth_method="client_secret_post", logo_uri="https://a.example/x"
    )
    assert (status, answer["token_endpoint_auth_method"]) == (201, "none")
    assert "client_secret" not in answer
    assert answer["client_name"] == "Claude <b>"
    assert program.register(client_name=" ")[1]["client_name"] == PLACE


def test_registrations_are_limited_by_rate_and_by_number_and_unused_ones_are_forgotten(program, tokens, monkeypatch):
    monkeypatch.setattr(registration, "MOST_UNUSED", 1)
    assert program.register()[0] == 201
    assert program.register()[0] == 503
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1, minutes=1)):
        while _ended():
            pass
        assert Application.objects.count() == 1
        monkeypatch.setattr(registration, "PER_SERVER", 1)
        assert program.register()[0] == 201
        status, answer = program.register()
        assert (status, answer["error"]) == (429, "temporarily_unavailable")
        assert int(program.answer["Retry-After"]) > 0


def test_what_ended_is_deleted_in_the_end(person, tokens):
    assert _old_calls() == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(days=61)):
        while _ended():
            pass
        assert [model.objects.count() for model in (Application, Grant, Credential)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("uri", "may"),
    [
        ("https://claude.ai/api/mcp/auth_callback", True),
        ("http://localhost:3000/callback", True),
        ("http://[::1]:1/", True),
        ("cursor://anysphere.cursor-retrieval/oauth/callback", True),
        ("com.example.app:/back", True),
        ("http://localhost.evil.example/", False),
        ("https://user@evil.example/", False),
        ("https://a.example/#part", False),
        ("https:///path", False),
        ("data:text/html,x", False),
        ("JavaScript:alert(1)", False),
        ("https://a.example:port/", False),
        ("https://a.example/\u202e", False),
        ("https://a.example/" + "x" * 500, False),
        ("/relative", False),
        ("", False),
    ],
)
def test_applications_wait_at_safe_places_alone(uri, may):
    assert may_register(uri) is may


def test_the_port_may_differ_on_the_persons_own_machine_alone():
    assert is_registered("http://127.0.0.1:50000/back", ["http://127.0.0.1/back"])
    assert is_registered("http://localhost:1/back", ["http://localhost:2/back"])
    assert not is_registered("http://127.0.0.1:1/other", ["http://127.0.0.1/back"])
    assert not is_registered("http://localhost:1/back", ["http://127.0.0.1:1/back"])
    assert not is_registered("https://a.example:1/back", ["https://a.example/back"])
    assert not is_registered("http://127.0.0.1:1/back?x=1", ["http://127.0.0.1:1/back"])


def test_the_database_shows_nothing_of_it_to_another_client(person, tokens):
    models = (Grant, Credential)
    with client_rows(person.member.client_id):
        assert all(model.objects.exists() for model in models)
    other = MembershipFactory().client_id
    with client_rows(other):
        assert not any(model.objects.exists() for model in models)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE agents_grant SET revoked_at = now()")
            assert cursor.rowcount == 0
    with pytest.raises(DataError), transaction.atomic(), for_nobody():
        Grant.objects.exists()


def test_the_page_lists_applications_and_ends_their_access(person, program, tokens):
    identify(tokens["access_token"], MCP)
    page = person.browser.get("/settings/applications/")
    assert "Robot 9" in page.text
    assert f"{MCP}" in page.text
    other = type(person)(MembershipFactory())
    grant = Grant.objects.get()
    assert "Robot 9" not in other.browser.get("/settings/applications/").text
    assert other.browser.post(f"/settings/applications/{grant.pk}/revoke/").status_code == 404
    assert identify(tokens["access_token"], MCP)
    done = person.browser.post(f"/settings/applications/{grant.pk}/revoke/", follow=True)
    assert urlsplit(done.redirect_chain[-1][0]).path == "/settings/applications/"
    assert identify(tokens["access_token"], MCP) is None
    assert Entry.objects.get(action="agent.revoke").actor == person.member.user_id
