"""Personal access tokens: what opens, for how long, and what stays behind."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.api.models import AccessToken
from apps.api.tokens import MOST_VALID, find_token, make_token, note_use, revoke_token, scopes_of
from apps.audit.models import Entry
from apps.clients.factories import MembershipFactory
from lib.errors import Permanent

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def member():
    return MembershipFactory()


def test_a_token_opens_with_its_text_alone(member):
    token, text = make_token(member, "a script", ["read"], days=1)
    assert find_token(text) == token
    assert find_token(make_token(member, "another", ["read"], days=1)[1]) != token
    assert find_token(text[:-1]) is None
    assert find_token("") is None


def test_the_text_is_stored_nowhere(member):
    token, text = make_token(member, "a script", ["read"], days=1)
    row = AccessToken.objects.filter(pk=token.pk).values().get()
    assert text not in str(row)
    assert str(row["prefix"]) == text[:12]
    assert text not in f"{token} {token!r}"
    assert text not in str(list(Entry.objects.values()))


def test_a_row_whose_digest_is_of_another_text_does_not_open(member):
    token, text = make_token(member, "a script", ["read"], days=1)
    other = make_token(member, "another", ["read"], days=1)[0]
    AccessToken.objects.filter(pk=token.pk).update(digest=other.digest)
    assert find_token(text) is None


def test_a_token_ends(member):
    token, text = make_token(member, "a script", ["read"], days=1)
    endless = make_token(member, "endless", ["read"], days=None)[1]
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1, seconds=1), tick=False):
        assert find_token(text) is None
        assert token.state == "expired"
        assert find_token(endless)


def test_a_revoked_token_opens_nothing_and_a_second_time_is_no_error(member):
    token, text = make_token(member, "a script", ["read"], days=1)
    assert revoke_token(member.user_id, token.pk)
    assert revoke_token(member.user_id, token.pk)
    assert find_token(text) is None
    token.refresh_from_db()
    assert token.state == "revoked"
    assert Entry.objects.filter(action="token.revoke", subject=f"api.accesstoken:{token.pk}").count() == 1


def test_a_person_cannot_revoke_the_token_of_another(member):
    token, text = make_token(member, "a script", ["read"], days=1)
    assert not revoke_token(MembershipFactory().user_id, token.pk)
    assert find_token(text)


def test_a_token_opens_nothing_for_a_person_who_is_switched_off_or_has_left(member):
    text = make_token(member, "a script", ["read"], days=1)[1]
    member.user.is_active = False
    member.user.save()
    assert find_token(text) is None
    member.user.is_active = True
    member.user.save()
    assert find_token(text)
    member.delete()
    assert find_token(text) is None


def test_finding_a_token_with_its_person_and_client_takes_one_query(member, django_assert_num_queries):
    text = make_token(member, "a script", ["read"], days=1)[1]
    with django_assert_num_queries(1):
        token = find_token(text)
        assert token.member.user.is_active
        assert token.member.client.name


def test_writing_includes_reading_and_staff_is_for_staff(member):
    token = make_token(member, "a script", ["write"], days=1)[0]
    assert scopes_of(token) == {"read", "write", "sync"}
    with pytest.raises(Permanent, match="staff"):
        make_token(member, "a script", ["staff"], days=1)
    with pytest.raises(Permanent):
        make_token(member, "a script", [], days=1)
    member.user.is_staff = True
    assert scopes_of(make_token(member, "desk", ["staff"], days=1)[0]) == {"staff"}


def test_the_staff_scope_ends_with_the_job(member):
    member.user.is_staff = True
    member.user.save()
    text = make_token(member, "desk", ["staff", "read"], days=1)[1]
    member.user.is_staff = False
    member.user.save()
    assert scopes_of(find_token(text)) == {"read"}


def test_a_person_has_a_bounded_number_of_valid_tokens(member):
    made = [make_token(member, "a script", ["read"], days=1)[0] for _ in range(MOST_VALID)]
    with pytest.raises(Permanent, match="revoke one"):
        make_token(member, "one more", ["read"], days=1)
    revoke_token(member.user_id, made[0].pk)
    make_token(member, "one more", ["read"], days=1)


def test_the_last_use_is_written_once_a_minute_and_audited_once_a_day(member, django_assert_num_queries):
    text = make_token(member, "a script", ["read"], days=3)[1]

    def use() -> None:
        note_use(find_token(text))

    with time_machine.travel(NOON, tick=False) as clock:
        AccessToken.objects.update(expires_at=None)
        use()
        with django_assert_num_queries(1):
            use()
        assert Entry.objects.filter(action="token.use").count() == 1
        clock.shift(timedelta(seconds=61))
        use()
        assert AccessToken.objects.get().last_used_at == NOON + timedelta(seconds=61)
        assert Entry.objects.filter(action="token.use").count() == 1
        clock.shift(timedelta(days=1))
        use()
        assert Entry.objects.filter(action="token.use", via="token", actor=member.user_id).count() == 2


def test_of_two_uses_at_once_one_is_noted(member):
    text = make_token(member, "a script", ["read"], days=1)[1]
    first, second = find_token(text), find_token(text)
    note_use(first)
    note_use(second)
    assert Entry.objects.filter(action="token.use").count() == 1
