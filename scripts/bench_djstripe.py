"""A peer of the ingest benchmark: dj-stripe's webhook endpoint, set up as documented, in a database of its own.

`install` fetches it into a folder beside the benchmark's servers. It is no dependency of Ponte.
"""

import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

VERSIONS = ("dj-stripe==2.11.0", "stripe>=15.0.1,<16")
SECRET = "whsec_of-the-benchmark"  # noqa: S105 - protects nothing
ENDPOINT = uuid.UUID(int=1)
PATH = f"/webhook/{ENDPOINT}/"


def install(folder: Path) -> str:
    """Install it into `folder`, without what Ponte has already. Returns why it could not; empty if it could."""
    if (folder / "djstripe").is_dir():
        return ""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *VERSIONS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["pip failed"])[-1]


def requests(post: Callable[[str, bytes, dict[str, str]], bytes]) -> Iterator[bytes]:
    """Signed events of a kind that has no handler, so that none asks Stripe."""
    while True:
        content = {
            "id": f"evt_{uuid.uuid4().hex}",
            "object": "event",
            "api_version": "2025-01-01",
            "created": int(time.time()),
            "data": {"object": {"id": "x_1", "object": "benchmark"}},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": "benchmark.updated",
        }
        body, stamp = json.dumps(content).encode(), int(time.time())
        signature = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        yield post(PATH, body, {"Stripe-Signature": f"t={stamp},v1={signature}"})


def prepare() -> None:
    """Create the tables, and the rows without which it would ask Stripe for its account."""
    import django  # noqa: PLC0415 - only this process has the settings

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from djstripe.models import (  # type: ignore[import-not-found]  # noqa: PLC0415
        Account,
        APIKey,
        WebhookEndpoint,
    )

    from bench_djstripe_settings import STRIPE_TEST_SECRET_KEY  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    account = Account.objects.create(id="acct_1", livemode=False)
    APIKey.objects.create(secret=STRIPE_TEST_SECRET_KEY, type="secret", livemode=False, djstripe_owner_account=account)
    WebhookEndpoint.objects.create(
        id="we_1",
        djstripe_uuid=ENDPOINT,
        secret=SECRET,
        enabled_events=["*"],
        status="enabled",
        url="https://example.com",
        livemode=False,
        djstripe_owner_account=account,
    )


if os.environ.get("DJANGO_SETTINGS_MODULE") == "bench_djstripe_settings":
    from django.core.wsgi import get_wsgi_application
    from django.urls import include, path

    application = get_wsgi_application()
    urlpatterns = [path("", include("djstripe.urls", namespace="djstripe"))]
