"""All settings, read from the environment. docs/configuration.md lists them; a test compares the two."""

from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from environs import Env
from kombu import Queue

from apps.events.kinds import Rules
from core import api_settings, integration_settings
from core.admin_look import UNFOLD  # noqa: F401 - a setting
from core.logs import logging_config
from core.policy import PAGES, PERMISSIONS
from core.required import require
from lib.client_address import host_of, is_local_url, trusted_proxies
from lib.secret_list import SHORTEST, secret_list
from plugfn.resilience.retry import RetryPolicy

env = Env()
require(env)
BASE = Path(__file__).resolve().parents[1]

# --- The process ---
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY")
_SHORTEST_SECRET = 1 if DEBUG else SHORTEST
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
# The public address of this server, e.g. https://ponte.example.com. Webhook URLs are built from it.
PUBLIC_URL = env.str("PUBLIC_URL", "").rstrip("/")
# While it is empty no webhook can arrive, and Ponte looks at each item after this many minutes.
POLL_MINUTES = env.int("POLL_MINUTES", 5)
# The proxies whose X-Forwarded-For counts. Unless the address is this machine's own, some proxy may be in front.
TRUSTED_PROXIES = trusted_proxies(env.list("TRUSTED_PROXIES", []), in_front=not is_local_url(PUBLIC_URL))
# Where the admin is served; empty: nowhere.
ADMIN_PATH = env.str("ADMIN_PATH", "admin").strip("/")
if DEBUG and PUBLIC_URL and not is_local_url(PUBLIC_URL):
    raise ImproperlyConfigured("DEBUG must be off where others reach Ponte: unset DEBUG, or PUBLIC_URL.")
LOGGING = logging_config(level=env.str("LOG_LEVEL", "INFO"), style=env.str("LOG_FORMAT", "json"))

# --- Keys ---
ENCRYPTION_KEYS = secret_list("ENCRYPTION_KEYS", env.list("ENCRYPTION_KEYS", []) or env.list("ENCRYPTION_KEY", []))
INDEX_KEY = env.str("INDEX_KEY", "")
# The first one makes the tokens in the webhook addresses of single items, all of them prove. Empty means INDEX_KEY.
WEBHOOK_TOKEN_KEYS = secret_list("WEBHOOK_TOKEN_KEYS", env.list("WEBHOOK_TOKEN_KEYS", []))

# --- Django ---
ROOT_URLCONF = "core.urls"
WSGI_APPLICATION = "core.wsgi.application"
# Threads of a web process that render pages.
WEB_THREADS = env.int("WEB_THREADS", 16)
INSTALLED_APPS = [
    # Before the admin, whose templates it replaces.
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_htmx",
    "csp",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "apps.audit",
    # Its templates replace those of allauth.
    "apps.clients",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "apps.api",
    "apps.agents",
    "apps.events",
    "apps.banking",
    "apps.integrations",
    "apps.reliability",
    "core",
]
MIDDLEWARE = [
    "lib.pages.reference.Reference",
    "django.middleware.security.SecurityMiddleware",
    "core.policy.NamedPolicies",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.clients.preferences.Preferences",
    "apps.clients.current.CurrentMembership",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.staff_rows.StaffRows",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "lib.pages.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "lib.pages.tags"],
        },
    }
]
CSRF_FAILURE_VIEW = "core.error_pages.csrf_failure"
CONTENT_SECURITY_POLICY = PAGES
PERMISSIONS_POLICY = PERMISSIONS
DEFAULT_EXCEPTION_REPORTER_FILTER = "core.debug_pages.SecretsHidden"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "pt-br"
LANGUAGES = [("pt-br", "Português"), ("en", "English")]
LOCALE_PATHS = [BASE / "locale"]
TIME_ZONE = "America/Sao_Paulo"
USE_TZ = True
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE / "static"]
# Static files are served from the installed packages, so collectstatic is not needed.
WHITENOISE_USE_FINDERS = True

# --- Accounts of people ---
# Whether strangers may sign up. People with an invitation always may.
SIGNUP_ENABLED = env.bool("SIGNUP_ENABLED", True)
# Whether the admin opens only for staff with a second factor.
STAFF_MFA_REQUIRED = env.bool("STAFF_MFA_REQUIRED", not DEBUG)
AUTHENTICATION_BACKENDS = ["apps.clients.backend.People"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
# Without a mail server no address can be proved, so none is asked for.
EMAIL_HOST = env.str("EMAIL_HOST", "")
EMAIL_PORT = env.int("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", EMAIL_PORT == 465)
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", not EMAIL_USE_SSL)
# A page waits for the mail server, so it waits for a short time.
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console' if DEBUG else 'dummy'}.EmailBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"Ponte <ponte@{host_of(PUBLIC_URL) or 'localhost'}>")
ACCOUNT_ADAPTER = "apps.clients.adapter.Accounts"
ACCOUNT_FORMS = {
    "login": "apps.clients.forms.Login",
    "signup": "apps.clients.forms.SignUp",
    "add_email": "apps.clients.forms.AddEmail",
    "change_password": "apps.clients.forms.ChangePassword",
    "set_password": "apps.clients.forms.SetPassword",
    "reset_password": "apps.clients.forms.ResetPassword",
    "reset_password_from_key": "apps.clients.forms.ResetPasswordFromKey",
    "reauthenticate": "apps.clients.forms.Reauthenticate",
}
ACCOUNT_SIGNUP_FORM_CLASS = "apps.clients.signup_form.SignUp"
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_HOST else "none"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
# lib.login_limit limits passwords; this limits the codes of the second factor.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "10/10m/key"}
MFA_ADAPTER = "apps.clients.second_factor.SecondFactor"
MFA_TOTP_ISSUER = "Ponte"
MFA_FORMS = {
    "authenticate": "apps.clients.forms.Authenticate",
    "reauthenticate": "apps.clients.forms.ReauthenticateWithCode",
    "activate_totp": "apps.clients.forms.ActivateApp",
}

# --- TLS, unless DEBUG ---
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", not DEBUG)
# The probes of the platform use plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^health"]
# A browser remembers it this long, whatever happens to the certificate, so it begins low.
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 3600)
# Other hosts below this one, and a list in every browser: only who owns the domain can decide that.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not (DEBUG or is_local_url(PUBLIC_URL))

# --- PostgreSQL ---
# The application's role reads and writes rows. The owner's role, which only migrations use, changes tables.
DATABASE_URL = env.str("DATABASE_URL", "")
_CONNECTION = {
    "connect_timeout": 2,
    # Keepalives detect a vanished host within seconds instead of hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    # Shorter than a lease, so that a worker that freezes inside a transaction does not keep its locks.
    "options": "-c idle_in_transaction_session_timeout=30s",
}


def _database(url: str) -> dict[str, object]:
    config = dj_database_url.parse(url, engine="lib.postgresql", conn_max_age=None, conn_health_checks=True)
    return {**config, "OPTIONS": {**_CONNECTION, **config.get("OPTIONS", {})}}


DATABASES = {
    "default": _database(DATABASE_URL),
    "owner": _database(env.str("DATABASE_OWNER_URL", "") or DATABASE_URL),
}

# --- Valkey or Redis ---
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
_CACHE = {
    "LOCATION": REDIS_URL,
    "KEY_PREFIX": "ponte",
    # 1 was pickle. A release of that time may still run beside this one.
    "VERSION": 2,
    "OPTIONS": {"serializer": "core.json_cache.JSONSerializer", "socket_timeout": 2, "socket_connect_timeout": 1},
}
CACHES = {
    "default": {"BACKEND": "core.cache.Cache", **_CACHE},
    "engine": {"BACKEND": "django.core.cache.backends.redis.RedisCache", **_CACHE},
}

# --- Celery ---
CELERY_BROKER_URL = REDIS_URL
# `sync` is for long work, `quick` for status changes and bells, `background` for work that can wait.
CELERY_TASK_QUEUES = [Queue(name, routing_key=name) for name in ("sync", "quick", "background")]
CELERY_TASK_DEFAULT_QUEUE = "quick"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
# A worker process takes one message at a time, so that a long sync does not hold back bells for other processes.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 15 * 60
CELERY_TASK_TIME_LIMIT = 16 * 60
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Celery would open two connections to the database for each task. core/celery.py has the present one tried instead.
CELERY_DB_REUSE_MAX = 10_000
# This has no effect, because no task is acknowledged late. It silences a warning about Celery's new default.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2}
# A message that cannot be sent is not retried, because the sweep rings again.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = TIME_ZONE

# --- The mailbox ---
EVENT_RETENTION_DAYS = env.int("EVENT_RETENTION_DAYS", 30)
# The Celery task and the queue for each kind of event. Events of other kinds finish as `unhandled`.
EVENT_TASKS = {
    "item/created": ("process_item_created", "sync"),
    "item/updated": ("process_item_updated", "sync"),
    "item/error": ("process_item_error", "quick"),
    "item/deleted": ("process_item_deleted", "quick"),
    "item/waiting_user_input": ("process_item_mfa", "quick"),
    "item/waiting_user_action": ("process_item_mfa", "quick"),
    "item/login_succeeded": ("process_item_login_succeeded", "quick"),
    "transactions/created": ("process_transactions_created", "sync"),
    "transactions/updated": ("process_transactions_updated", "sync"),
    "transactions/deleted": ("process_transactions_deleted", "sync"),
    "connector/status_updated": ("process_connector_status", "quick"),
    "item.changed": ("process_item_changed", "sync"),
    "transactions.changed": ("process_transactions_changed", "sync"),
    "connection.reconcile": ("process_connection_reconcile", "background"),
    "connection.disconnect": ("process_connection_disconnect", "sync"),
    "send.requested": ("process_send_requested", "quick"),
    "integration/event": ("process_integration_event", "quick"),
    "integration.disconnect": ("process_integration_disconnect", "quick"),
}
# How the events of a kind run, if not as most do: how many in one run, the policy of their retries, strict order, and
# on how many mailboxes a task works at once. As many messages of an integration are under way at once in each process
# of a worker, and may end unknown if it is killed.
EVENT_RULES = {
    "send.requested": Rules(
        batch=1, retry=RetryPolicy(attempts=4, base=1, cap=25, multiplier=5, jitter=0.1), strict=True, together=5
    ),
}

# --- The REST API ---
# Calls in a minute of one person, of all people of one client, and of an address without a valid token.
API_CALLS_PER_USER = env.int("API_CALLS_PER_USER", 300)
API_CALLS_PER_CLIENT = env.int("API_CALLS_PER_CLIENT", 1200)
API_CALLS_PER_ADDRESS = env.int("API_CALLS_PER_ADDRESS", 60)
REST_FRAMEWORK = api_settings.REST_FRAMEWORK
SPECTACULAR_SETTINGS = api_settings.SPECTACULAR
SIMPLE_JWT = api_settings.jwt_settings(SECRET_KEY)

# --- Pluggy ---
PLUGGY_API_URL = env.str("PLUGGY_API_URL", "https://api.pluggy.ai").rstrip("/")
PLUGGY_CLIENT_ID = env.str("PLUGGY_CLIENT_ID", "")
PLUGGY_CLIENT_SECRET = env.str("PLUGGY_CLIENT_SECRET", "")
# Several secrets, separated by commas, are all accepted while a new one replaces an old one.
PLUGGY_WEBHOOK_SECRETS = secret_list(
    "PLUGGY_WEBHOOK_SECRET", env.list("PLUGGY_WEBHOOK_SECRET", []), shortest=_SHORTEST_SECRET
)
PLUGGY_WEBHOOK_HEADER = env.str("PLUGGY_WEBHOOK_HEADER", "Authorization")
PLUGGY_WEBHOOK_PREFIX = env.str("PLUGGY_WEBHOOK_PREFIX", "Bearer ")
PLUGGY_HMAC_SECRETS = secret_list("PLUGGY_HMAC_SECRET", env.list("PLUGGY_HMAC_SECRET", []), shortest=_SHORTEST_SECRET)
PLUGGY_HMAC_HEADER = env.str("PLUGGY_HMAC_HEADER", "X-Pluggy-Signature")
PLUGGY_HMAC_ENCODING = env.str("PLUGGY_HMAC_ENCODING", "hex")
PLUGGY_HMAC_PREFIX = env.str("PLUGGY_HMAC_PREFIX", "")

# --- The connect page ---
# Whether people can connect banks on a page of their own.
CONNECT_PAGE = env.bool("CONNECT_PAGE", True)
PLUGGY_CONNECT_SDK_VERSION = env.str("PLUGGY_CONNECT_SDK_VERSION", "v2.9.2")
# Empty: Pluggy's CDN at that version.
PLUGGY_CONNECT_SDK_URL = env.str("PLUGGY_CONNECT_SDK_URL", "")
CONNECT_INCLUDE_SANDBOX = env.bool("CONNECT_INCLUDE_SANDBOX", False)
CONNECT_CONNECTOR_IDS: list[str] = env.list("CONNECT_CONNECTOR_IDS", [])
CONNECT_COUNTRIES: list[str] = env.list("CONNECT_COUNTRIES", [])

# --- Integrations ---
PLUGFN_PROVIDERS = integration_settings.providers(env)
INTEGRATION_DEFAULTS = integration_settings.defaults(env)
# Private networks that people's mail servers and databases may be in, such as 10.0.0.0/8; none unless named.
ALLOWED_NETWORKS: list[str] = env.list("ALLOWED_NETWORKS", [])
# Days that Ponte keeps what a send contained, and the row that says what became of it.
SEND_CONTENT_DAYS = env.int("SEND_CONTENT_DAYS", 30)
SEND_DAYS = env.int("SEND_DAYS", 365)
# Days that Ponte keeps the rows that say which service was called, and how that went.
CALL_LOG_DAYS = env.int("CALL_LOG_DAYS", 90)

# --- Conversations ---
# A message that is one of these words, and nothing else, opts out, or in again. Case, accents, punctuation and spaces
# do not matter.
OPT_OUT_WORDS = env.list("OPT_OUT_WORDS", ["SAIR", "STOP", "PARAR", "CANCELAR", "DESCADASTRAR", "UNSUBSCRIBE"])
OPT_IN_WORDS = env.list("OPT_IN_WORDS", ["VOLTAR", "START"])
# How long the content of a message, and what is known of it otherwise, are kept. 0: for ever.
MESSAGE_CONTENT_DAYS = env.int("MESSAGE_CONTENT_DAYS", 90)
MESSAGE_DAYS = env.int("MESSAGE_DAYS", 365)

# --- Webhooks of integrations ---
# Deliveries in a minute of one integration and of one client address, counted in each web process; 0: no limit.
WEBHOOKS_PER_MINUTE = env.int("WEBHOOKS_PER_MINUTE", 1000)
WEBHOOKS_PER_ADDRESS = env.int("WEBHOOKS_PER_ADDRESS", 3000)

# --- Monitoring ---
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
secret_list("METRICS_TOKEN", [METRICS_TOKEN] if METRICS_TOKEN else [], shortest=_SHORTEST_SECRET)
