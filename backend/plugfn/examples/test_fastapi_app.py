"""Tests of the application with a page. It runs in its own process; a simple browser reads and sends its forms."""

import os
import re
import socket
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest

from plugfn.testing.emulator import Emulator

HERE = Path(__file__).resolve().parent
SECRET = "a-secret-of-the-hook"


class Forms(HTMLParser):
    """The forms of a page by their action, with the values of their fields; and the labels of all fields."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found, self.unlabelled = {}, []
        self._fields, self._in_label = {}, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self._fields = self.found.setdefault(given["action"], {})
        if tag == "label":
            self._in_label = True
        if tag in ("input", "textarea", "select"):
            self._fields[given["name"]] = given.get("value") or ""
            if given.get("type") != "hidden" and not self._in_label:
                self.unlabelled.append(given["name"])

    def handle_endtag(self, tag):
        if tag == "label":
            self._in_label = False


class Browser:
    """A browser: keeps cookies, and sends the forms of its current page."""

    def __init__(self, url: str) -> None:
        self.url, self.text, self.status = url, "", 0
        self.client = httpx2.Client(trust_env=False, follow_redirects=True)
        self.at = url

    def _seen(self, answer: httpx2.Response) -> "Browser":
        self.text, self.status, self.at, self.headers = answer.text, answer.status_code, str(answer.url), answer.headers
        return self

    def go(self, path: str = "/") -> "Browser":
        return self._seen(self.client.get(urljoin(self.url, path)))

    @property
    def forms(self) -> dict[str, dict[str, str]]:
        return Forms(self.text).found

    def send(self, action: str, **fields: str) -> "Browser":
        form = self.forms[action]
        assert fields.keys() <= form.keys() | {"authorize"}, f"the form has no {fields.keys() - form.keys()}"
        return self._seen(self.client.post(urljoin(self.at, action), data={**form, **fields}))

    def enter(self, name: str = "Ana") -> "Browser":
        return self.go().send("/entrar", nome=name)

    def connect(self, login: str = "ana") -> "Browser":
        self.send("/github/conectar")
        return self.send("/login/oauth/authorize", login=login, authorize="1")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def site(_emulators):
    """The application's address; it is started once, with GitHub's emulator."""
    if "github" not in _emulators:
        _emulators["github"] = Emulator("github")
    github = _emulators["github"]
    url = f"http://127.0.0.1:{free_port()}"
    settings = {"BASE_URL": url, "PLUGFN_SANDBOX": github.url, "GITHUB_WEBHOOK_SECRET": SECRET}
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), **settings}
    process = subprocess.Popen([sys.executable, str(HERE / "fastapi_app.py")], env=environment)
    try:
        wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(url: str, process: subprocess.Popen) -> None:
    for _ in range(200):
        assert process.poll() is None, "the application ended"
        try:
            httpx2.get(url, trust_env=False)
        except httpx2.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the application does not answer")


@pytest.fixture
def github(emulator):
    return emulator("github")


@pytest.fixture
def person(site, github, request):
    """A new user, logged in."""
    return Browser(site).enter(request.node.name[:40])


def test_a_new_visitor_logs_in_with_a_name(site):
    browser = Browser(site).go()
    assert "Entrar" in browser.text
    assert "Conectar GitHub" not in browser.text
    browser.send("/entrar", nome="<b>Ana</b>")
    assert "&lt;b&gt;Ana&lt;/b&gt;" in browser.text
    assert "Conectar GitHub" in browser.text
    assert "/entrar" in browser.send("/sair").forms


@pytest.mark.parametrize("name", ["", "   ", "a" * 41, "a\x00b"])
def test_after_an_invalid_name_the_form_is_shown_again(site, name):
    browser = Browser(site).go().send("/entrar", nome=name)
    assert browser.status == 422
    assert 'role="alert"' in browser.text
    assert "/entrar" in browser.forms


def test_a_user_connects_opens_an_issue_and_sees_its_event(person, github, site):
    person.connect()
    assert person.at.startswith(site), person.at
    assert "GitHub conectado." in person.text
    assert "Nenhuma chamada ainda." not in person.text  # PlugFn asked GitHub whose account it is
    token = github.control("POST", "/tokens", {"login": "ana", "scopes": ["repo", "admin:repo_hook"]})["access_token"]
    address = re.search(r"<code>(.*?)</code>", person.text)[1]
    hook = {"config": {"url": address, "content_type": "json", "secret": SECRET}, "events": ["issues"]}
    headers = {"authorization": f"Bearer {token}"}
    made = httpx2.post(f"{github.url}/repos/ana/loja/hooks", json=hook, headers=headers, trust_env=False)
    assert made.status_code == 201, made.text
    person.send("/issues", owner="ana", repo="loja", title="O forno <não> liga")
    assert "Issue aberta." in person.text
    assert "/ana/loja/issues/1" in person.text
    github.control("POST", "/settle")
    news = person.go("/novidades").text
    assert "issues.opened</strong> O forno &lt;não&gt; liga" in news
    assert "github.issues.create" in news


def test_an_event_is_shown_only_to_the_users_of_its_account(site, github):
    ana, bruno = Browser(site).enter("of ana").connect("ana"), Browser(site).enter("of bruno").connect("bruno")
    token = github.control("POST", "/tokens", {"login": "ana", "scopes": ["repo", "admin:repo_hook"]})["access_token"]
    hook = {"config": {"url": f"{site}/integrations/webhooks/github", "content_type": "json", "secret": SECRET}}
    headers = {"authorization": f"Bearer {token}"}
    httpx2.post(f"{github.url}/repos/ana/cofre/hooks", json=hook, headers=headers, trust_env=False)
    github.control("POST", "/push", {"repo": "ana/cofre", "message": "a secret of the house"})
    github.control("POST", "/settle")
    assert "a secret of the house" in ana.go().text
    assert "a secret of the house" not in bruno.go().text
    assert "ana/cofre" not in bruno.text


def test_sending_a_form_twice_opens_one_issue(person, github):
    person.connect()
    page = person.text
    for _ in range(2):
        person.text = page
        person.send("/issues", owner="ana", repo="loja", title="once")
        assert "Issue aberta." in person.text
    assert len(github.requests("/repos/ana/loja/issues")) == 1


def test_a_refused_issue_is_explained_and_its_form_keeps_the_text(person):
    person.connect().send("/issues", owner="ana", repo="no-such", title="mine", body="a </textarea> text")
    assert person.status == 422
    assert "não conhece este repositório" in person.text
    assert 'value="no-such"' in person.text
    assert "a &lt;/textarea&gt; text" in person.text


def test_a_wrong_field_is_named_and_marked(person, github):
    person.connect().send("/issues", owner="../etc", repo="loja", title="mine")
    assert person.status == 422
    assert "Confira: Dono." in person.text
    assert re.search(r'name="owner"[^>]*aria-invalid="true"', person.text)
    assert github.requests("/repos/ana/loja/issues") == []


def test_a_user_who_denies_access_sees_how_to_try_again(person):
    person.send("/github/conectar").send("/login/oauth/authorize", login="ana", authorize="0")
    assert person.status == 409
    assert "Você não autorizou o acesso" in person.text
    assert "Conectar GitHub" in person.text


def test_a_user_cannot_finish_another_users_sign_in(site, github):
    """Bruno opens a callback URL that GitHub made for Ana."""
    ana, bruno = Browser(site).enter("victim ana"), Browser(site).enter("bruno")
    ana.send("/github/conectar")
    ana.client.follow_redirects = False
    ana.send("/login/oauth/authorize", login="ana", authorize="1")
    bruno.go(ana.headers["location"])
    assert bruno.status == 409
    assert "Comece de novo" in bruno.text
    assert "conectada</span>" not in bruno.go().text


def test_a_connection_that_github_no_longer_accepts_is_connected_again(person, github):
    person.connect()
    github.fault("POST /repos/*", kind="answer", status=401, body={"message": "Bad credentials"}, count=None)
    person.send("/issues", owner="ana", repo="loja", title="mine")
    assert "Conecte de novo" in person.text
    assert "precisa conectar de novo" in person.text
    assert "/issues" not in person.forms
    github.reset()
    person.connect()
    assert person.text.count("conectada</span>") == 1


def test_disconnecting_revokes_the_grant(person, github):
    person.connect()
    before = github.control("GET", "/world")["tokens"]
    person.send("/github/desconectar")
    assert "O acesso também foi retirado no GitHub." in person.text
    assert github.control("GET", "/world")["tokens"] == before - 1
    assert "Conectar GitHub" in person.text


def test_a_user_cannot_disconnect_another_users_account(site, person, github):
    person.connect()
    theirs = person.forms["/github/desconectar"]["conexao"]
    other = Browser(site).enter("other").connect("bruno")
    other.send("/github/desconectar", conexao=theirs)
    assert other.status == 409
    assert "conectada</span>" in person.go().text


@pytest.mark.parametrize("action", ["/entrar", "/sair", "/github/conectar", "/github/desconectar", "/issues"])
@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_a_form_of_another_site_does_nothing(person, github, action, token):
    data = {
        "nome": "mallory",
        "owner": "ana",
        "repo": "loja",
        "title": "x",
        **({} if token is None else {"ficha": token}),
    }
    answer = person.client.post(urljoin(person.url, action), data=data)
    assert answer.status_code == 403
    assert person.go().status == 200
    assert "Sair" in person.text
    assert github.requests("/repos/ana/loja/issues") == []


def test_a_form_token_works_only_in_its_own_session(site, person, github):
    other = Browser(site).enter("mallory")
    taken = other.forms["/github/conectar"]["ficha"]
    assert person.send("/github/conectar", ficha=taken).status == 403


@pytest.mark.parametrize(
    "change", [lambda v: v[:-1] + ("0" if v[-1] != "0" else "1"), lambda v: "x" + v, lambda v: "."]
)
def test_a_changed_cookie_is_ignored(person, change):
    cookie = change(person.client.cookies["sessao"])
    person.client.cookies.clear()
    answer = httpx2.get(person.url, headers={"cookie": f"sessao={cookie}"}, trust_env=False)
    assert "/entrar" in Forms(answer.text).found


def test_a_form_that_is_too_big_is_refused(person):
    assert person.send("/sair", ficha="x" * 200_000).status == 403


def test_a_forged_delivery_is_refused_and_not_shown(person):
    headers = {"x-github-event": "push", "x-github-delivery": "1", "x-hub-signature-256": "sha256=" + "0" * 64}
    url = urljoin(person.url, "/integrations/webhooks/github")
    assert person.client.post(url, content=b'{"forged": 1}', headers=headers).status_code == 401
    assert "Nada ainda." in person.go().text


def test_personal_pages_need_a_login(site):
    for path in (
        "/novidades",
        "/integrations/connections",
        "/integrations/logs",
        "/integrations/oauth/github/callback",
    ):
        assert Browser(site).go(path).status == 401


def test_every_field_has_a_label_and_pages_load_nothing_from_other_sites(person):
    login = Browser(person.url).go()
    for text in (login.text, person.text, person.connect().text):
        assert Forms(text).unlabelled == []
        assert '<html lang="pt-BR">' in text
        assert not re.search(r"<(link|script|img)[^>]*(src|href)=.https?:", text)
    assert "default-src 'none'" in person.headers["content-security-policy"]
    cookie = httpx2.get(person.url, trust_env=False).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
