"""The URLs under /api/banking/."""

from django.urls import path

from apps.banking.aggregators.registry import AGGREGATORS
from apps.banking.door import receive

urlpatterns = [
    # Django matches a path without parameters faster, and the door's is matched for every webhook.
    *(path(f"webhooks/{name}/", receive, {"name": name}) for name in AGGREGATORS),
    path("webhooks/<str:name>/", receive, name="webhook"),
    path("webhooks/<str:name>/<str:token>/", receive, name="item-webhook"),
]
