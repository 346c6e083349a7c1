"""All URLs, by app."""

from django.conf import settings
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from apps.clients.pages.choices import language
from core.demo_entry import enter
from core.design import design
from core.home import home
from core.login import Pattern, admin_at

handler400 = "core.error_pages.bad_request"
handler403 = "core.error_pages.forbidden"
handler404 = "core.error_pages.not_found"
handler500 = "core.error_pages.failed"

pages: list[Pattern] = [
    # First, because the address of an item's webhook is looked up here before it is accepted.
    path("api/", include("core.api_urls")),
    path("", home, name="home"),
    # Browsers ask for it beside pages that name no icon, such as an answer of the API.
    path("favicon.ico", RedirectView.as_view(url=static("ponte/icon.svg"))),
    path("", include("apps.reliability.urls")),
    path("", include("apps.reliability.page_urls")),
    path("account/", include("allauth.account.urls")),
    path("account/two-steps/", include("allauth.mfa.urls")),
    path("account/sessions/", include("allauth.usersessions.urls")),
    path("", include("apps.clients.urls")),
    # What unfold's menu of languages calls it.
    path("i18n/setlang/", language, name="set_language"),
    path("settings/tokens/", include("apps.api.page_urls")),
    path("settings/applications/", include("apps.agents.page_urls")),
    path("", include("apps.agents.urls")),
    path("", include("apps.banking.page_urls")),
    path("", include("apps.integrations.urls")),
    path("", include("apps.integrations.pages.conversation_urls")),
    path("integrations/", include("apps.integrations.page_urls")),
]
urlpatterns = [
    *pages,
    *admin_at(settings.ADMIN_PATH, pages),
    *([path("design/", design), path("enter/<str:token>/", enter, name="enter")] if settings.DEBUG else []),
]
