"""No secret and no personal data gets into a log line, in any form."""

import json
import logging
import re
import time
from io import StringIO

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.redact import _WORDS, MASK, MAX_CHARACTERS, redact, redact_event, redact_value

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJjbGllbnRJZCI6IjEifQ.c2lnbmF0dXJl-_x"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"X-API-KEY: {JWT}", f"X-API-KEY: {MASK}"),
        ("Authorization: Bearer abcdef123456", f"Authorization: {MASK}"),
        ("authorization=Basic dXNlcjpwYXNz&x=1", f"authorization={MASK}&x=1"),
        ("sent with Bearer abcdef123456 today", f"sent with Bearer {MASK} today"),
        (f"key {JWT} refused", f"key {MASK} refused"),
        ('{"clientId": "1", "clientSecret": "a \\"b\\" c"}', f'{{"clientId": "1", "clientSecret": {MASK}}}'),
        ("{'apiKey': 'x y'}", f"{{'apiKey': {MASK}}}"),
        ("secret pluggy_sk_abc123 leaked", f"secret {MASK} leaked"),
        ("GET /x?access_token=abc&page=2", f"GET /x?access_token={MASK}&page=2"),
        ("password = hunter2, user = joe", f"password = {MASK}, user = joe"),
        ("PLUGGY_CLIENT_SECRET=abc ENCRYPTION_KEYS_OLD=1", f"PLUGGY_CLIENT_SECRET={MASK} ENCRYPTION_KEYS_OLD=1"),
        ("postgres://app:p%40ss@db:5432/x", f"postgres://{MASK}@db:5432/x"),
        ("redis://:hush@cache:6379/0", f"redis://{MASK}@cache:6379/0"),
        ("amqp://a:b@c@host/", f"amqp://{MASK}@host/"),
        ("POST /api/banking/webhooks/pluggy/AbC-_123/ 200", f"POST /api/banking/webhooks/pluggy/{MASK}/ 200"),
        ("POST /webhooks/uazapi/0f9c/AbC-_123//messages/text 404", f"POST /webhooks/uazapi/{MASK} 404"),
        (
            "https://x.example/api/banking/webhooks/pluggy/AbC123?a=1",
            f"https://x.example/api/banking/webhooks/pluggy/{MASK}?a=1",
        ),
        ("CPF 761.092.776-73 refused", f"CPF {MASK} refused"),
        ("cpf=76109277673", f"cpf={MASK}"),
        ("holder 76109277673, 761092776-73", f"holder {MASK}, {MASK}"),
        ("user_76109277673.", f"user_{MASK}."),
        ("CNPJ 11.222.333/0001-81 and 11222333000181", f"CNPJ {MASK} and {MASK}"),
        ("12.ABC.345/01DE-35 is a new one", f"{MASK} is a new one"),
        ("mail maria.silva+bank@mail.example.com now", f"mail {MASK} now"),
        ("?email=maria%40example.com&x=1", f"?email={MASK}&x=1"),
        ("login maria%40example.com", f"login {MASK}"),
        ("redis://:pa/ss?w#rd@cache:6379/0 x", f"redis://{MASK}@cache:6379/0 x"),
        ("rediss://u:a/b@c@cache/0", f"rediss://{MASK}@cache/0"),
        ("at postgresql://app:p/w@db:5432/x now", f"at postgresql://{MASK}@db:5432/x now"),
        ("postgres://db/x and http://a:b@c/d?e=f@g.io", f"postgres://db/x and http://{MASK}@c/d?e={MASK}"),
        ("senha=hunter2 minhaSenha: x", f"senha={MASK} minhaSenha: {MASK}"),
        ("used ghp_0123456789abcdefABCDEF0123456789abcd.", f"used {MASK}."),
        ("used github_pat_11ABCDEFG0123456789_abc now", f"used {MASK} now"),
        ("xoxb-123456789012-abcDEF and xoxp-1234-5678-abc", f"{MASK} and {MASK}"),
        ("mail by SG.abcdefghijklmnopqrstuv.ABC-DEF_0123456789 failed", f"mail by {MASK} failed"),
        (f"a ponte_{'a' * 46} and ponteapp_{'b' * 46}", f"a {MASK} and {MASK}"),
        (f"ponteref_{'c' * 46} pontecode_{'d' * 46}", f"{MASK} {MASK}"),
        ("ponte_app reads test_ponte_12345", "ponte_app reads test_ponte_12345"),
        ("signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw+/=", f"signed with {MASK}"),
    ],
)
def test_a_secret_is_masked_and_the_rest_stays(line, expected):
    assert redact(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "[WEBHOOK] item/updated accepted in 3.1 ms",
        "POST /api/banking/webhooks/pluggy/ 200",
        "item 0f8fad5b-d9cb-469f-a165-70867728950e synced: 120 transactions, R$ 1.234,56",
        "item 0f8fad5b-d9cb-469f-a165-708677289501 synced",
        "2026-11-20T22:01:18.123456Z took 0.12345678901 s",
        "connector 601, status 429, code=ITEM_NOT_FOUND, attempt 3 of 12",
        "at 1763676078123 ms",
        "see https://docs.pluggy.ai/docs/rate-limits",
        "github.com/ghost answers http://127.0.0.1:8000/x",
        "redis://cache:6379/0 and postgresql://db:5432/x are up",
        "",
    ],
)
def test_an_ordinary_line_stays_as_it_is(line):
    assert redact(line) == line


STYLES = ("{n}={s}", "{n}: {s}", '"{n}": "{s}"', "'{n}': '{s}'", "?{n}={s}&a=1", '\\"{n}\\": \\"{s}\\"')
SECRETS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8, max_size=40)
AROUND = st.text(st.sampled_from(" ,;()|\n"), max_size=3)


@given(
    name=st.sampled_from(
        ["password", "apiKey", "X-API-KEY", "client_secret", "accessToken", "Cookie", "cpf", "taxNumber"]
    ),
    secret=SECRETS,
    style=st.sampled_from(
        ["{n}={s}", "{n}: {s}", '"{n}": "{s}"', "'{n}': '{s}'", "?{n}={s}&a=1", '\\"{n}\\": \\"{s}\\"']
    ),
    before=AROUND,
    after=AROUND,
)
def test_the_value_of_a_secret_name_never_gets_through(name, secret, style, before, after):
    line = before + style.format(n=name, s=f"zq{secret}") + after
    assert f"zq{secret}" not in redact(line)


@given(digits=st.from_regex(r"[0-9]{11}", fullmatch=True), before=AROUND, after=AROUND, dotted=st.booleans())
def test_no_cpf_gets_through(digits, before, after, dotted):
    shown = f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}" if dotted else digits
    assert redact(f"{before}{shown}{after}") == f"{before}{MASK}{after}"


@given(raw=st.from_regex(r"[0-9A-Z]{12}[0-9]{2}", fullmatch=True), before=AROUND, after=AROUND)
def test_no_cnpj_gets_through(raw, before, after):
    shown = f"{raw[:2]}.{raw[2:5]}.{raw[5:8]}/{raw[8:12]}-{raw[12:]}"
    assert redact(f"{before}{shown}{after}") == f"{before}{MASK}{after}"


@given(address=st.emails(), before=AROUND, after=AROUND)
def test_no_common_e_mail_address_gets_through(address, before, after):
    if not re.fullmatch(r"[\w.+-]+@[\w.-]+", address):
        return
    assert address not in redact(f"{before}{address}{after}")


@given(parts=st.tuples(*[st.from_regex(r"[A-Za-z0-9_-]{8,40}", fullmatch=True)] * 3), before=AROUND, after=AROUND)
def test_no_jwt_gets_through(parts, before, after):
    token = "eyJ" + ".".join(parts)
    assert token not in redact(f"{before}{token}{after}")
    assert parts[2] not in redact(f"{before}{token}{after}") or parts[2] in before + after


@given(user=SECRETS, password=st.text(st.sampled_from("abcXYZ019:@!$%.-_"), min_size=1, max_size=20))
def test_no_password_in_a_url_gets_through(user, password):
    assert redact(f"at postgres://{user}:{password}@db:5432/x now") == f"at postgres://{MASK}@db:5432/x now"


@given(
    token=st.from_regex(r"[A-Za-z0-9_=.~-]{1,80}", fullmatch=True), end=st.sampled_from(["", "/", " 200", "?x=1", '"'])
)
def test_no_path_token_gets_through(token, end):
    assert redact(f"/api/banking/webhooks/pluggy/{token}{end}") == f"/api/banking/webhooks/pluggy/{MASK}{end}"


@given(text=st.text(max_size=300))
def test_no_text_raises_and_redacting_twice_changes_nothing(text):
    once = redact(text)
    assert redact(once) == once


NAMES = (
    "api_key apiKey X-Api-Key client_secret passwd password pwd senha Authorization set-cookie credential private-key "
    "privateKey signature access_token otp mfa_code mfaCode cpf cnpj tax_number taxNumbers documentNumber "
    "account-numbers phoneNumber email e-mail e_mails fullName full_name full-name"
).split()


@pytest.mark.parametrize("name", NAMES)
def test_a_line_with_one_secret_name_and_no_other_word_is_masked(name):
    assert redact(f"{name}=zq1") == f"{name}={MASK}"
    assert redact_value({name: "zq1"}) == {name: MASK}


@pytest.mark.parametrize("word", _WORDS)
def test_every_word_that_the_names_know_passes_the_search_that_comes_first(word):
    assert redact(f"{word}=zq1") == f"{word}={MASK}"


def test_a_name_or_text_of_endless_length_is_masked_or_cut():
    assert redact(f"{'a' * 200}=zq1 password=x") == f"{'a' * 200}={MASK} password={MASK}"
    text = "word " * 20_000 + "password=zq1"
    shown = redact(text)
    assert shown.startswith("word word")
    assert shown.endswith("more characters]")
    assert len(shown) < MAX_CHARACTERS + 100


@given(before=st.integers(0, 40), secret=st.sampled_from(["maria@example.com", "761.092.776-73", f"x-api-key={JWT}"]))
def test_a_cut_never_leaves_half_a_secret(before, secret):
    text = ("x " * MAX_CHARACTERS)[: MAX_CHARACTERS - before - before % 2] + secret + " x" * 100
    assert secret[:4] not in redact(text)


# Parts of everything that a pattern looks for. A repetition of them is what makes a pattern try again and again.
PARTS = [
    *_WORDS, *NAMES, "a", "-", "_", ".", "/", ":", "=", "@", "%40", "://", "\\", '"', "'", " ", "\n", "+", "~", "é",
    "bearer", "basic", "Bearer ", "eyJ", "eyJa.", "a@b", "a@b.c", "a%40b", "redis://", "postgres://", "amqps://", "http://",
    "/webhooks/", "/webhooks/a/", "pluggy_sk_", "ghp_", "gho_a", "github_pat_", "xoxb-", "xoxp-a", "SG.", "SG.abcdefgh",
    "whsec_", "000", "000.", "00-0", "00.000.000/", "AA.AAA.AAA/", "[redacted]", "password=", 'password="', "cpf: ",
    "token='", "password=bearer ", '\\"password\\":\\"',
]  # fmt: skip
# With this before them, every pattern runs.
EVERYTHING = "a@b.io %40 eyJ bearer basic /webhooks/ password : = 123456 gh redis://x "


def seconds(token: str, size: int) -> float:
    text = EVERYTHING + (token * (size // len(token) + 1))[: size - len(EVERYTHING)]
    started = time.thread_time()
    redact(text)
    return time.thread_time() - started


def grows_faster_than_the_text(token: str) -> bool:
    """Four times the text may cost six times as much, in the best of several trials."""
    short = long = 1.0
    for _ in range(6):
        short, long = min(short, seconds(token, 16 * 1024)), min(long, seconds(token, MAX_CHARACTERS))
        if long < 6 * short + 0.002:
            return False
    return True


@pytest.mark.parametrize("token", PARTS)
def test_the_cost_of_any_repeated_part_is_linear(token):
    assert not grows_faster_than_the_text(token)
    assert not grows_faster_than_the_text(f"{token};")


@settings(deadline=None, max_examples=50)
@given(parts=st.lists(st.one_of(st.sampled_from(PARTS), st.text(min_size=1, max_size=3)), min_size=2, max_size=5))
def test_the_cost_of_any_repeated_mixture_is_linear(parts):
    assert not grows_faster_than_the_text("".join(parts))


def test_structured_values_are_masked_by_name_and_by_pattern_at_any_depth():
    value = {"clientSecret": "x", "item": {"id": "1", "owner": ["a@b.com", {"taxNumber": "1"}]}, "n": 3, "none": None}
    assert redact_value(value) == {
        "clientSecret": MASK,
        "item": {"id": "1", "owner": [MASK, {"taxNumber": MASK}]},
        "n": 3,
        "none": None,
    }


def test_a_value_that_contains_itself_does_not_loop():
    loop = {}
    loop["self"] = loop
    assert MASK in json.dumps(redact_value(loop))


def test_a_value_without_a_text_form_does_not_lose_the_line():
    class Broken:
        def __str__(self):
            raise RuntimeError("no")

    assert redact_value([Broken(), b"a@b.com"]) == ["<Broken>", f"b'{MASK}'"]


def test_the_structlog_processor_masks_an_event_and_keeps_its_numbers():
    event = {"event": "mail to a@b.com", "status": 200, "apiKey": "k", "token": None, "ok": True, "cpf": 76109277673}
    assert redact_event(None, "info", event) == {
        "event": f"mail to {MASK}",
        "status": 200,
        "apiKey": MASK,
        "token": None,
        "ok": True,
        "cpf": MASK,
    }


def test_in_a_structlog_formatter_tracebacks_and_foreign_records_are_masked():
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), structlog.processors.format_exc_info],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact_event,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logger = logging.Logger("structured")
    logger.addHandler(handler)
    try:
        raise ValueError(f"refused {JWT}")
    except ValueError:
        logger.exception("failed for %s", "a@b.com", extra={"clientSecret": "hush"})
    line = json.loads(stream.getvalue())
    assert line["event"] == f"failed for {MASK}"
    assert line["clientSecret"] == MASK
    assert JWT not in stream.getvalue()
    assert "Traceback" in line["exception"]
