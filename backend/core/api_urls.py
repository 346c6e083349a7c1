"""All URLs under /api/. What no app serves answers 404 in the form of every error."""

from django.urls import include, path, re_path

from apps.api.not_found import not_found

urlpatterns = [
    path("banking/", include("apps.banking.urls")),
    path("", include("apps.api.urls")),
    path("", include("apps.banking.api.urls")),
    path("", include("apps.integrations.api.conversation_urls")),
    path("", include("apps.integrations.api.urls")),
    path("", include("apps.events.urls")),
    re_path(r"", not_found),
]
