"""The URLs of pages for staff."""

from django.urls import path

from apps.reliability import pages

urlpatterns = [
    path("staff/doctor/", pages.Doctor.as_view(), name="doctor"),
    path("staff/doctor/report/", pages.DoctorReport.as_view(), name="doctor-report"),
]
