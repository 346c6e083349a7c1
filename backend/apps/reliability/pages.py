"""Pages of staff about the installation itself."""

from collections import Counter
from typing import Any

from django.contrib.auth.mixins import UserPassesTestMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from apps.clients.second_factor import ask_for_second_factor, lacks_second_factor
from apps.reliability.doctor.examine import examine
from apps.reliability.doctor.finding import Level

TONES = {
    Level.GOOD: "good",
    Level.WAITING: "info",
    Level.WARNING: "warn",
    Level.BAD: "bad",
    Level.SKIPPED: "idle",
}


@method_decorator(never_cache, name="dispatch")
class StaffPage(UserPassesTestMixin, View):
    """A page for people whom the admin lets in. Anybody else who is signed in gets 403."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.test_func() and lacks_second_factor(request):
            return ask_for_second_factor(request)
        return super().dispatch(request, *args, **kwargs)

    def test_func(self) -> bool:
        user = self.request.user
        return bool(user.is_active and user.is_staff)


class Doctor(StaffPage):
    """The page shows at once; what the doctor finds follows, because some checks ask other machines."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "reliability/doctor.html", {"section": "doctor"})


class DoctorReport(StaffPage):
    """What the doctor finds now. Without JavaScript it is a page of its own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        lines = list(examine())
        levels = Counter(line.finding.level for line in lines)
        context = {
            "section": "doctor",
            "lines": [(line, TONES[line.finding.level]) for line in lines],
            "bad": levels[Level.BAD],
            "warnings": levels[Level.WARNING],
        }
        return render(request, "reliability/doctor_report.html", context)
