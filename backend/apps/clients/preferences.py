"""The language, time zone and theme that a person chose."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

from apps.clients.models import Profile


class Preferences:
    """Middleware: `request.profile`, and its language and time zone for the whole request.

    A stranger has the language of the browser and the time zone of the settings, and costs no query.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # A request without this cookie is a stranger's. Probes have none.
        profile = profile_of(request.user) if settings.SESSION_COOKIE_NAME in request.COOKIES else Profile()
        request.profile = profile  # type: ignore[attr-defined]
        if known_language(profile.language):
            translation.activate(profile.language)
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(zone_of(profile)):
            return self.get_response(request)


def profile_of(user: AbstractBaseUser | AnonymousUser) -> Profile:
    """The person's profile; the defaults for a stranger, or for a person who never chose. It may not be stored yet."""
    if not user.is_authenticated:
        return Profile()
    try:
        stored: Profile = user.profile  # type: ignore[attr-defined]
    except ObjectDoesNotExist:
        return Profile(user_id=user.pk)
    return stored


def known_language(code: str) -> bool:
    """Whether the pages exist in this language."""
    return code in dict(settings.LANGUAGES)


def zone_of(profile: Profile) -> zoneinfo.ZoneInfo:
    """The time zone of the profile; that of the settings if this machine does not know it."""
    try:
        return zoneinfo.ZoneInfo(profile.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)
