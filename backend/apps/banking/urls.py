"""Under /api/banking/."""

from django.urls import path

from apps.banking.door import receive_pluggy

urlpatterns = [
    path("webhooks/pluggy/", receive_pluggy, name="pluggy-webhook"),
    path("webhooks/pluggy/<str:token>/", receive_pluggy, name="pluggy-item-webhook"),
]
