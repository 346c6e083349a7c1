"""Health, metrics, the doctor, and the first page of the admin. Its only migration makes the groups of staff."""

from django.apps import AppConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from lib.pages.navigation import Entry, Section, register


def is_staff(request: HttpRequest) -> bool:
    """Whether the admin lets this person in."""
    return bool(request.user.is_active and getattr(request.user, "is_staff", False))


class ReliabilityConfig(AppConfig):
    name = "apps.reliability"
    label = "reliability"
    verbose_name = _("Reliability")

    def ready(self) -> None:
        """Add the pages of staff to the menu."""
        register(Entry("doctor", _("Doctor"), "doctor", "activity", 20, Section.STAFF, is_staff))
