"""The URLs of contacts and conversations in the REST API, under /api/."""

from django.urls import path

from apps.integrations.api import contacts, conversations

urlpatterns = [
    path("contacts/", contacts.ContactsView.as_view()),
    path("contacts/<uuid:contact_id>/", contacts.ContactView.as_view()),
    path("contacts/<uuid:contact_id>/opt-out/", contacts.OptOutView.as_view()),
    path("contacts/<uuid:contact_id>/opt-in/", contacts.OptInView.as_view()),
    path("conversations/", conversations.ConversationsView.as_view()),
    path("conversations/<uuid:conversation_id>/", conversations.ConversationView.as_view()),
    path("conversations/<uuid:conversation_id>/close/", conversations.CloseView.as_view()),
    path("conversations/<uuid:conversation_id>/reopen/", conversations.ReopenView.as_view()),
    path("conversations/<uuid:conversation_id>/assign/", conversations.AssignView.as_view()),
    path("conversations/<uuid:conversation_id>/intents/", conversations.IntentsView.as_view()),
]
