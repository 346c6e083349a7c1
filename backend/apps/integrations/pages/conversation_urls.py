"""The addresses of the pages of conversations and contacts."""

from django.urls import path

from apps.integrations.pages import contact, conversation, conversations

app_name = "conversations"
urlpatterns = [
    path("conversations/", conversations.Conversations.as_view(), name="list"),
    path("conversations/find/", conversations.Find.as_view(), name="find"),
    path("conversations/<uuid:pk>/", conversation.Thread.as_view(), name="conversation"),
    path("conversations/<uuid:pk>/close/", conversation.Close.as_view(), name="close"),
    path("conversations/<uuid:pk>/reopen/", conversation.Reopen.as_view(), name="reopen"),
    path("conversations/<uuid:pk>/assign/", conversation.Assign.as_view(), name="assign"),
    path("contacts/<uuid:pk>/", contact.ContactPage.as_view(), name="contact"),
    path("contacts/<uuid:pk>/messages/", contact.OptOut.as_view(), name="opt-out"),
]
