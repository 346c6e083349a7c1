"""The URLs of connecting, repairing and disconnecting. `apps/banking/page_urls.py` includes them."""

from django.urls import path

from apps.banking.pages import connect, credentials, disconnect, progress, take_over, widget_report

urlpatterns = [
    path("connections/connect/", connect.Connect.as_view(), name="connect"),
    path("connections/connect/finish/", connect.Finish.as_view(), name="connect-finish"),
    # connect/token.py writes this address into tokens.
    path("connections/connect/return/", progress.Return.as_view(), name="connect-return"),
    path("connections/connect/progress/<uuid:item>/", progress.ItemProgress.as_view(), name="connect-progress"),
    path("connections/connect/report/", widget_report.WidgetReport.as_view(), name="connect-report"),
    path("connections/connect/take-over/", take_over.TakeOver.as_view(), name="take-over"),
    path("connections/<int:pk>/reconnect/", connect.Reconnect.as_view(), name="reconnect"),
    path("connections/<int:pk>/disconnect/", disconnect.Disconnect.as_view(), name="disconnect"),
    path("connections/<int:pk>/answer/", progress.Answer.as_view(), name="answer"),
    path("credentials/", credentials.Credentials.as_view(), name="credentials"),
    path("credentials/<int:pk>/secret/", credentials.ReplaceSecret.as_view(), name="credentials-secret"),
    path("credentials/<int:pk>/test/", credentials.CheckCredentials.as_view(), name="credentials-test"),
    path("credentials/<int:pk>/remove/", credentials.RemoveCredentials.as_view(), name="credentials-remove"),
]
