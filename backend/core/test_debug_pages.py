"""A debug page shows no secret, whatever failed."""

import base64
import json
import os
import socket
import subprocess
import sys

import pytest

from core.documents import BACKEND

SECRETS = {
    "SECRET_KEY": "zq-secret-key",
    "ENCRYPTION_KEYS": base64.b64encode(b"zq-encryption-key-of-32-bytes-aa").decode(),
    "INDEX_KEY": "zq-index-key-of-thirty-two-bytes-or-more",
    "PLUGGY_CLIENT_SECRET": "zq-client-secret",
    "PLUGGY_WEBHOOK_SECRET": "zq-webhook-secret-one,zq-webhook-secret-two",
    "PLUGGY_HMAC_SECRET": "zq-hmac-secret-that-is-long",
    "METRICS_TOKEN": "zq-metrics-token-that-is-long",
}
PASSWORDS = {
    "DATABASE_URL": "postgresql://app:zq-database-password@127.0.0.1:9/ponte",
    "DATABASE_OWNER_URL": "postgresql://owner:zq-owner-password@127.0.0.1:9/ponte",
}
PROGRAM = """
import json, sys
import django
django.setup()
from django.core.cache import caches
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from core import urls

def cached(request):
    location = request.build_absolute_uri()
    return HttpResponse(caches["engine"].get(location))

urls.urlpatterns.append(path("cached", cached))
client = Client(raise_request_exception=False, HTTP_HOST="localhost")
def page(address, **more):
    answer = client.get(address, **more)
    return [answer.status_code, answer.content.decode()]
print(json.dumps([
    page("/admin/", HTTP_COOKIE="sessionid=" + "a" * 32),  # the database refuses the connection
    page("/cached"),                                       # the cache does not answer
    page("/nowhere"),
    page("/admin/", HTTP_HOST="evil.example.com"),
]))
"""


@pytest.fixture(scope="module")
def pages() -> list[tuple[int, str]]:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it gets the password and never answers
        redis = f"redis://:zq-redis-password@127.0.0.1:{silent.getsockname()[1]}/0"
        local = {"REDIS_URL": redis, "DEBUG": "true", "PUBLIC_URL": "http://127.0.0.1:8000"}
        environment = {**os.environ, **SECRETS, **PASSWORDS, **local}
        command = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(command, cwd=BACKEND, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_pages_are_debug_pages(pages):
    assert [status for status, _ in pages] == [500, 500, 404, 400]
    assert "OperationalError" in pages[0][1]
    assert "TimeoutError" in pages[1][1]
    assert "You’re seeing this error because you have" in pages[3][1]


def test_no_debug_page_shows_a_secret(pages):
    for _, page in pages:
        assert "zq-" not in page
        assert SECRETS["ENCRYPTION_KEYS"] not in page


def test_a_debug_page_still_shows_what_helps(pages):
    assert "conn_params" in pages[0][1]
    assert "http://localhost/cached" in pages[1][1]
    assert "CELERY_TASK_DEFAULT_QUEUE" in pages[3][1]
