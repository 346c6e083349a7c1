"""URLs of the pages of integrations."""

from django.urls import path

from apps.integrations.pages import connect, gallery, history, integration, oauth, send, try_out

app_name = "integrations"
urlpatterns = [
    path("", gallery.Gallery.as_view(), name="gallery"),
    path("connect/<slug:slug>/", connect.Connect.as_view(), name="connect"),
    path("oauth/<slug:slug>/", oauth.SignIn.as_view(), name="sign-in"),
    # PlugFn's address, which the operator's application at the vendor names.
    path("oauth/<slug:provider>/callback", oauth.SignedIn.as_view(), name="signed-in"),
    path("history/", history.Sends.as_view(), name="sends"),
    path("history/calls/", history.Calls.as_view(), name="calls"),
    path("history/<uuid:pk>/", send.SendPage.as_view(), name="send"),
    path("history/<uuid:pk>/again/", send.Repeat.as_view(), name="repeat"),
    path("history/<uuid:pk>/arrived/", send.Confirm.as_view(), name="confirm"),
    path("<uuid:pk>/", integration.IntegrationPage.as_view(), name="integration"),
    path("<uuid:pk>/edit/", connect.Edit.as_view(), name="edit"),
    path("<uuid:pk>/test/", integration.Test.as_view(), name="test"),
    path("<uuid:pk>/pause/", integration.Pause.as_view(), name="pause"),
    path("<uuid:pk>/rename/", integration.Rename.as_view(), name="rename"),
    path("<uuid:pk>/contents/", integration.Contents.as_view(), name="contents"),
    path("<uuid:pk>/address/", integration.NewAddress.as_view(), name="address"),
    path("<uuid:pk>/send/", try_out.TryOut.as_view(), name="try-out"),
    path("<uuid:pk>/disconnect/", integration.Disconnect.as_view(), name="disconnect"),
]
