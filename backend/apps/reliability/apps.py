"""Health, metrics, the doctor, and the first page of the admin. Its only migration makes the groups of staff."""

from django.apps import AppConfig
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from lib.pages.navigation import Entry, Section, register


def is_staff(request: HttpRequest) -> bool:
    """Whether the admin lets this person in."""
    return bool(request.user.is_active and getattr(request.user, "is_staff", False))


def has_admin(request: HttpRequest) -> bool:
    """Whether there is an admin, and it lets this person in."""
    return bool(settings.ADMIN_PATH) and is_staff(request)


class ReliabilityConfig(AppConfig):
    name = "apps.reliability"
    label = "reliability"
    verbose_name = _("Reliability")

    def ready(self) -> None:
        """Add the pages of staff to the menu."""
        register(Entry("admin", _("Administration"), "admin:index", "staff", 10, Section.STAFF, has_admin))
        register(Entry("doctor", _("Doctor"), "doctor", "activity", 20, Section.STAFF, is_staff))
