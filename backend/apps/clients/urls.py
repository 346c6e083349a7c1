"""The pages of accounts, members and personal data."""

from django.urls import path

from apps.clients.pages import choices, data, members, own_clients, profile

app_name = "clients"
urlpatterns = [
    path("language/", choices.language, name="language"),
    path("clients/", own_clients.OwnClients.as_view(), name="none"),
    path("clients/switch/", choices.switch, name="switch"),
    path("invitations/", own_clients.InvitationPage.as_view(), name="invitations"),
    path("invitations/<str:token>/", own_clients.open_invitation, name="invitation"),
    path("settings/", profile.ProfilePage.as_view(), name="settings"),
    path("settings/security/", profile.SecurityPage.as_view(), name="security"),
    path("settings/members/", members.MembersPage.as_view(), name="members"),
    path("settings/members/invite/", members.Invite.as_view(), name="invite"),
    path("settings/members/rename/", members.Rename.as_view(), name="rename"),
    path("settings/members/leave/", members.Leave.as_view(), name="leave"),
    path("settings/members/<uuid:pk>/role/", members.ChangeRole.as_view(), name="change_role"),
    path("settings/members/<uuid:pk>/remove/", members.Remove.as_view(), name="remove"),
    path("settings/members/invitations/<int:pk>/resend/", members.Resend.as_view(), name="resend"),
    path("settings/members/invitations/<int:pk>/revoke/", members.Revoke.as_view(), name="revoke"),
    path("settings/data/", data.DataPage.as_view(), name="data"),
    path("settings/data/export/", data.Export.as_view(), name="export"),
    path("settings/data/erase/", data.EraseClient.as_view(), name="erase_client"),
    path("settings/data/erase-account/", data.EraseAccount.as_view(), name="erase_account"),
]
