"""The schema describes every route under /api/, each of its fields, and the errors that a call can meet."""

import json
import re

import pytest
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver

# The routes that the schema leaves out, and why.
LEFT_OUT = {
    r"/api/banking/webhooks/.*": "only aggregators call them; docs/pluggy.md describes them",
    r"/api/schema/": "the schema itself",
    r"/api/docs/": "the page that shows the schema",
    r"/api/": "answers 404 for every path that nothing serves",
}


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> dict:
    """Generated without a warning, and valid."""
    file = tmp_path_factory.mktemp("schema") / "schema.json"
    options = {"format": "openapi-json", "file": str(file), "validate": True, "fail_on_warn": True}
    call_command("spectacular", **options)
    return json.loads(file.read_text())


def routes(patterns, before: str = "/"):
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern) and here.startswith("/api/"):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", here)


def is_left_out(route: str) -> bool:
    return any(re.fullmatch(pattern, route) for pattern in LEFT_OUT)


def operations(schema: dict):
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_every_route_is_described_or_left_out_with_a_reason(schema):
    found = set(routes(get_resolver().url_patterns))
    assert len(found) > 25
    assert {route for route in found if not is_left_out(route)} == set(schema["paths"])
    for pattern in LEFT_OUT:
        assert any(re.fullmatch(pattern, route) for route in found), pattern


def test_every_operation_says_what_it_does_in_words(schema):
    for name, operation in operations(schema):
        assert operation["summary"], name
        assert operation["description"].endswith("."), name
        assert len(operation["tags"]) == 1, name
        assert all(
            parameter.get("description") or parameter["in"] == "path" for parameter in operation.get("parameters", [])
        ), name


def test_every_field_says_what_it_means(schema):
    for name, component in schema["components"]["schemas"].items():
        for field, described in component.get("properties", {}).items():
            if not re.search("(Page|List|Answer)$", name):
                assert described.get("description"), f"{name}.{field}"


def test_every_operation_describes_its_errors_in_the_one_form(schema):
    for name, operation in operations(schema):
        answers = operation["responses"]
        assert {"405", "429", "500"} <= set(answers), name
        if operation["security"] != [{}]:
            assert {"401", "403"} <= set(answers), name
        if "requestBody" in operation:
            assert {"400", "413", "415"} <= set(answers), name
        if "{" in name:
            assert "404" in answers, name
        for status, described in answers.items():
            if int(status) >= 400:
                content = described["content"]["application/json"]
                assert content["schema"]["$ref"].endswith("/Error"), name
                assert content["examples"], name


def test_operations_have_names_of_their_own(schema):
    names = [operation["operationId"] for _name, operation in operations(schema)]
    assert len(names) == len(set(names))


@pytest.mark.django_db
def test_the_schema_is_served_to_everybody_in_both_forms():
    browser = Browser()
    assert "openapi" in browser.get("/api/schema/", {"format": "json"}).json()
    assert browser.get("/api/schema/").text.startswith("openapi:")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "query", "status"),
    [
        ("GET", {"format": "xml"}, 400),
        ("GET", {"version": "\n"}, 400),
        ("GET", {"lang": "\0"}, 400),
        ("POST", {}, 405),
    ],
)
def test_an_error_of_the_schema_has_the_form_of_every_error(method, query, status):
    answer = Browser(raise_request_exception=False).generic(method, "/api/schema/", query_params=query)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["success"] is False


@pytest.mark.django_db
def test_the_page_of_the_schema_loads_nothing_from_elsewhere():
    browser = Browser()
    page = browser.get("/api/docs/")
    assert page.status_code == 200
    policy = page["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in f"{policy};"
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page.text)
    assert not re.search(r"<script>", page.text)
    scripts = re.findall(r'<script src="([^"]+)"', page.text)
    assert len(scripts) == 3
    for script in scripts:
        assert browser.get(script.replace("&amp;", "&")).status_code == 200, script
