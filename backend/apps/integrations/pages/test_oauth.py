"""Signing in at a vendor: the redirects, what the browser may be sent to, and what can go wrong."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.urls import reverse

from apps.audit.models import Entry as Audit
from apps.clients.factories import MembershipFactory
from apps.integrations.models import Integration
from lib.row_security import client_rows
from sandbox.github.world import CLIENT_ID, CLIENT_SECRET

SIGN_IN = reverse("integrations:sign-in", args=["github"])
BACK = reverse("integrations:signed-in", args=["github"])


@pytest.fixture
def github(emulators, settings):
    """GitHub's emulator, where ana is signed in, and the operator's application there."""
    emulator = emulators("github")
    url = emulator.url
    app = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "webhook_secrets": [], "api_url": url}
    app |= {"authorize_url": f"{url}/login/oauth/authorize", "token_url": f"{url}/login/oauth/access_token"}
    settings.PLUGFN_PROVIDERS = settings.PLUGFN_PROVIDERS | {"github": app}
    # The process's PlugFn is made anew for other networks or another address.
    settings.ALLOWED_NETWORKS = ["127.0.0.1/32"]
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    emulator.control("POST", "/switches", {"auto_approve": "ana"})
    return emulator


def visit(person, **form):
    """Sign in at the vendor and come back, as a browser does. Returns the page at the end."""
    there = person.post(SIGN_IN, form)["Location"]
    back = urlsplit(requests.get(there, allow_redirects=False, timeout=10).headers["Location"])
    assert back.path == BACK
    return person.get(BACK, {name: value for name, (value,) in parse_qs(back.query).items()}, follow=True)


def own(tenant):
    with client_rows(tenant.pk):
        return list(Integration.objects.order_by("created_at"))


def test_an_account_is_connected_and_renewed_at_the_vendor(person, tenant, github):
    page = person.get(SIGN_IN)
    assert f"form-action 'self' {github.url}" in page["Content-Security-Policy"]
    assert github.url not in person.get(reverse("integrations:gallery"))["Content-Security-Policy"]
    page = visit(person)
    (integration,) = own(tenant)
    assert page.redirect_chain[-1][0] == reverse("integrations:integration", args=[integration.pk])
    assert "GitHub is connected." in page.content.decode()
    assert integration.status == "connected"
    with client_rows(tenant.pk):
        Integration.objects.update(status="needs_reauth", error_code="bad_credentials", last_error="bad_credentials")
    page = person.get(reverse("integrations:integration", args=[integration.pk])).content.decode()
    assert "GitHub does not accept the permission any more. Sign in again." in page
    assert f"{SIGN_IN}?again={integration.pk}" in page
    assert "Sign in to GitHub again" in person.get(SIGN_IN, {"again": integration.pk}).content.decode()
    github.control("POST", "/switches", {"auto_approve": "bruno"})
    assert "You signed in to another account" in visit(person, again=integration.pk).content.decode()
    assert own(tenant)[0].status == "needs_reauth"
    github.control("POST", "/switches", {"auto_approve": "ana"})
    visit(person, again=integration.pk)
    assert [(row.pk, row.status, row.last_error) for row in own(tenant)] == [(integration.pk, "connected", "")]
    assert list(Audit.objects.values_list("action", flat=True)) == ["integration.connect", "integration.connect"]


def test_a_sign_in_that_was_refused_forged_or_used_connects_nothing(person, client, tenant, github):
    there = urlsplit(person.post(SIGN_IN)["Location"])
    state = parse_qs(there.query)["state"][0]
    refused = person.get(BACK, {"error": "access_denied", "state": state}, follow=True).content.decode()
    assert "The sign-in was cancelled at the other site." in refused
    for query in ({"code": "x", "state": state}, {"code": "x", "state": "x" * 43}, {}):
        assert "This sign-in is too old" in person.get(BACK, query, follow=True).content.decode()
    for number in ("0", "00000000-0000-4000-8000-000000000000"):
        assert person.get(SIGN_IN, {"again": number}).status_code == 404
    client.force_login(MembershipFactory(client=tenant, role="viewer").user)
    assert client.get(BACK, {"code": "x", "state": state}).status_code == 403
    assert own(tenant) == []
