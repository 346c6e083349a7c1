"""The top layer: it connects all parts, and no other layer imports it."""

from core.celery import app as celery_app

__all__ = ["celery_app"]
