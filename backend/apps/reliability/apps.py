"""Whether the whole thing is well: health and metrics. Owns no tables."""

from django.apps import AppConfig


class ReliabilityConfig(AppConfig):
    name = "apps.reliability"
    label = "reliability"
