"""The roof: wires everything together; nobody imports it."""

from core.celery import app as celery_app

__all__ = ["celery_app"]
