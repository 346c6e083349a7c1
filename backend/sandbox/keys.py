"""The ids, secrets and logins that the emulators accept. They are public: they open nothing but an emulator.

A module without imports, so that what starts the emulators can read it for nothing.
"""

GITHUB_CLIENT_ID = "Iv1.sandbox0000000001"
GITHUB_CLIENT_SECRET = "github_sandbox_only"  # noqa: S105 - the emulator's
# A hook's secret is its maker's: enter this one for a repository's hook.
GITHUB_WEBHOOK_SECRET = "github-sandbox-webhook-secret"  # noqa: S105 - the emulator's

SLACK_CLIENT_ID = "1010101010.2020202020"
SLACK_CLIENT_SECRET = "slack_sandbox_only"  # noqa: S105 - the emulator's
SLACK_SIGNING_SECRET = "5e1f0a9c3b7d4e6f8a2b1c0d9e8f7a6b"  # noqa: S105 - the emulator's

UAZAPI_TOKEN = "uazapi-sandbox-instance-token"  # noqa: S105 - the emulator's
UAZAPI_ADMIN_TOKEN = "uazapi-sandbox-admin-token"  # noqa: S105 - the emulator's
UAZAPI_NUMBER = "5511900000001"

SMTP_USERNAME, SMTP_PASSWORD = "ponte@example.com", "smtp-password-ok"

SENDGRID_API_KEY = "SG.sandbox-only-key.all-of-the-scopes-for-tests-0123456789"
SENDGRID_LIMITED_KEY = "SG.sandbox-only-key.reads-statistics-and-nothing-else"

SUPABASE_KEY = "sb_publishable_sandbox_0123456789"
SUPABASE_SECRET_KEY = "sb_secret_sandbox_0123456789"  # noqa: S105 - the emulator's
