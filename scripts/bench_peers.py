"""The peers of the ingest benchmark: an empty view, and the usual design, on the same server without middleware.

The usual design does everything in the request: check the secret, INSERT the event, publish its Celery task, answer.
"""

import hmac
import json
import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench_settings")

from celery import current_app
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from core.wsgi import StraightHandler


def _accepted() -> HttpResponse:
    content = b'{"status": "accepted"}'
    headers = {"Content-Length": str(len(content))}
    return HttpResponse(content, content_type="application/json", headers=headers)


@csrf_exempt
def empty(request: HttpRequest) -> HttpResponse:
    """Do nothing: the cost of the server and of Django alone."""
    return _accepted()


@csrf_exempt
def obvious(request: HttpRequest) -> HttpResponse:
    """One INSERT and one published task for each request."""
    header = request.headers.get("Authorization", "")
    if not any(hmac.compare_digest(header, f"Bearer {secret}") for secret in settings.PLUGGY_WEBHOOK_SECRETS):
        return HttpResponse(status=401, headers={"Content-Length": "0"})
    event = json.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_event (event_id, kind, payload) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [event["eventId"], event["event"], request.body.decode()],
        )
    current_app.send_task("bench.process", args=[event["eventId"]], queue="bench", retry=False)
    return _accepted()


urlpatterns = [path("empty/", empty), path("obvious/", obvious)]
application = StraightHandler()
