"""The person of a checkout, who also sees the admin. `python -m ponte_demo.login` creates it and prints
{"login": {"user", "password", "address"}}."""

import json
import secrets
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import get_user_model

from core.demo_entry import address_for

USERNAME = "demo"


def create() -> tuple[Any, dict[str, str]]:
    """The user, its name and password, and where to begin. The password is new at each call.

    With DEBUG the address signs in by itself, once.
    """
    password = secrets.token_urlsafe(12)
    user, _ = get_user_model().objects.get_or_create(username=USERNAME)
    user.is_staff = user.is_superuser = True
    user.set_password(password)
    user.save()
    path = address_for(user) if settings.DEBUG else "/"
    return user, {"user": USERNAME, "password": password, "address": settings.PUBLIC_URL + path}


if __name__ == "__main__":
    django.setup()
    print(json.dumps({"login": create()[1]}))
