"""The URLs under /api/banking/."""

from django.urls import path

from apps.banking.door import receive

urlpatterns = [
    path("webhooks/<str:name>/", receive, name="webhook"),
    path("webhooks/<str:name>/<str:token>/", receive, name="item-webhook"),
]
