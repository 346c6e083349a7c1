"""What browsers are told: strict policies for pages, a looser one for the admin, and a number on every error page."""

import json
import logging
import re

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.urls import reverse

from apps.clients.factories import MembershipFactory
from core import error_pages
from lib.pages.reference import Reference, current

pytestmark = pytest.mark.django_db


def policy(response):
    return dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";") if part.strip())


def test_a_page_loads_only_what_is_ours(client):
    directives = policy(client.get("/nothing/"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"].startswith("'self'")
    assert "unsafe" not in json.dumps(directives)
    assert directives["frame-ancestors"] == "'none'"


def test_only_the_admin_may_evaluate(client):
    admin = policy(client.get(reverse("admin:login")))
    assert "'unsafe-eval'" in admin["script-src"]
    assert admin["default-src"] == "'none'"


def test_a_page_tells_no_other_site_where_it_came_from_and_uses_no_device(client):
    response = client.get("/nothing/")
    assert response["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    assert response["X-Frame-Options"] == "DENY"


def test_an_error_page_asks_the_database_for_nothing(client, django_assert_num_queries):
    client.force_login(MembershipFactory().user)
    with django_assert_num_queries(2):  # the session and the person, before the view
        assert client.get("/nothing/").status_code == 404


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_an_error_page_shows_the_number_that_the_log_has(status, caplog):
    page = {400: error_pages.bad_request, 403: error_pages.forbidden, 404: error_pages.not_found}
    answer = page.get(status, error_pages.failed)

    def view(request):
        request.resolver_match = None
        seen.append(current())
        return answer(request)

    seen = []
    caplog.set_level(logging.INFO)
    response = Reference(view)(RequestFactory().get("/secret-token/"))
    assert response.status_code == status
    assert response["X-Request-Id"] == seen[0]
    assert seen[0] in response.content.decode()
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{8}", seen[0])
    assert "secret-token" not in caplog.text
    assert current() == ""


def test_the_log_has_the_number_of_its_request(client, settings):
    formatter = settings.LOGGING["formatters"]["line"]
    line = logging.getLogger("core").makeRecord("core", logging.INFO, "", 0, "said", (), None)
    lines = []
    Reference(lambda request: lines.append(formatter["()"]("json").format(line)) or _answer())(_request())
    assert re.search(r'"reference": "[2-9A-HJ-NP-Z]{8}"', lines[0])


def _request():
    return RequestFactory().get("/")


def _answer():
    return error_pages.HttpResponse()


def test_an_error_page_speaks_portuguese_and_english(client):
    assert "Esta página não existe" in client.get("/nothing/", headers={"accept-language": "pt-BR"}).content.decode()
    assert "This page does not exist" in client.get("/nothing/", headers={"accept-language": "en"}).content.decode()
    assert "Esta página não existe" in client.get("/nothing/").content.decode()
    assert settings.LANGUAGE_CODE == "pt-br"
