"""All URLs, by app."""

from django.conf import settings
from django.urls import include, path

from core.home import home
from core.login import admin_at

urlpatterns = [
    path("", home),
    path("", include("apps.reliability.urls")),
    path("api/banking/", include("apps.banking.urls")),
    *admin_at(settings.ADMIN_PATH),
]
