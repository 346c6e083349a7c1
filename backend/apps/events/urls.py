"""The URLs of the mailbox's REST API, under /api/."""

from django.urls import path

from apps.events.api import EventsView, EventView, ReplayView

urlpatterns = [
    path("events/", EventsView.as_view()),
    path("events/<int:event_id>/", EventView.as_view()),
    path("events/<int:event_id>/replay/", ReplayView.as_view()),
]
