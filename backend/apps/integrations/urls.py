"""The URLs of integrations that are neither pages nor the API: the addresses to which vendors post."""

from django.urls import path

from apps.integrations.incoming.door import receive

urlpatterns = [path("webhooks/<path:place>", receive, name="integration-webhook")]
