"""The durable mailbox: one row for everything that happens, from outside or inside."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "apps.events"
    label = "events"
