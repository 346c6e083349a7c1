"""The user of the admin in a checkout. `python -m ponte_demo.login` creates it and prints {"login": {…}}."""

import json
import secrets
from typing import Any

import django
from django.contrib.auth import get_user_model

USERNAME = "demo"


def create() -> tuple[Any, dict[str, str]]:
    """The user, and its name and password. The password is new at each call."""
    password = secrets.token_urlsafe(12)
    user, _ = get_user_model().objects.get_or_create(username=USERNAME)
    user.is_staff = user.is_superuser = True
    user.set_password(password)
    user.save()
    return user, {"user": USERNAME, "password": password}


if __name__ == "__main__":
    django.setup()
    print(json.dumps({"login": create()[1]}))
