"""At the root, without a closing slash: what platforms and Prometheus are told to ask."""

from django.urls import path

from apps.reliability import views

urlpatterns = [
    path("health", views.health, name="health"),
    path("health/live", views.live, name="health-live"),
    path("metrics", views.metrics, name="metrics"),
]
