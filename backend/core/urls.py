"""All URLs, by app."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("apps.reliability.urls")),
    path("api/banking/", include("apps.banking.urls")),
    path("admin/", admin.site.urls),
]
