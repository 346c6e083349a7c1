"""The URLs for platforms and Prometheus, at the root and without a closing slash."""

from django.urls import path

from apps.reliability import views

urlpatterns = [
    path("health", views.health, name="health"),
    path("health/live", views.live, name="health-live"),
    path("health/integrations", views.integrations, name="health-integrations"),
    path("metrics", views.metrics, name="metrics"),
]
