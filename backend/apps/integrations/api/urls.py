"""The URLs under /api/integrations/. The slash at the end may be left out."""

from apps.api.paths import either_way
from apps.integrations.api import calls, database, email, integrations, sends, whatsapp

_ALL = "integrations/"
_ONE = f"{_ALL}<uuid:integration_id>/"

urlpatterns = [
    either_way(f"{_ALL}whatsapp/configure/", whatsapp.ConfigureView.as_view()),
    either_way(f"{_ALL}whatsapp/status/", whatsapp.StatusView.as_view()),
    either_way(f"{_ALL}whatsapp/send/", whatsapp.SendView.as_view()),
    either_way(f"{_ALL}whatsapp/test/", whatsapp.TestView.as_view()),
    either_way(f"{_ALL}email/configure/", email.ConfigureView.as_view()),
    either_way(f"{_ALL}email/send/", email.SendView.as_view()),
    either_way(f"{_ALL}email/test/", email.TestView.as_view()),
    either_way(f"{_ALL}database/configure/", database.ConfigureView.as_view()),
    either_way(f"{_ALL}database/test/", database.TestView.as_view()),
    either_way(f"{_ALL}database/query/", database.QueryView.as_view()),
    either_way(f"{_ALL}sends/", sends.SendsView.as_view()),
    either_way(f"{_ALL}sends/<uuid:send_id>/", sends.SendView.as_view()),
    either_way(f"{_ALL}sends/<uuid:send_id>/repeat/", sends.RepeatView.as_view()),
    either_way(f"{_ALL}calls/", calls.CallsView.as_view()),
    either_way(_ALL, integrations.IntegrationsView.as_view()),
    either_way(_ONE, integrations.IntegrationDetailView.as_view()),
    either_way(f"{_ONE}test/", integrations.TestView.as_view()),
    either_way(f"{_ONE}pause/", integrations.PauseView.as_view()),
    either_way(f"{_ONE}resume/", integrations.ResumeView.as_view()),
    either_way(f"{_ONE}webhook-address/", integrations.WebhookAddressView.as_view()),
    either_way(f"{_ONE}send/", integrations.SendView.as_view()),
]
