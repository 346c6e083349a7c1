"""The settings of a project that has only dj-stripe."""

import os

import dj_database_url

SECRET_KEY = "of-the-benchmark"  # noqa: S105 - protects nothing
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "djstripe"]
DATABASES = {"default": dj_database_url.parse(os.environ["DJSTRIPE_DATABASE_URL"], conn_max_age=None)}
# It sets the length of the answers.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "bench_djstripe"
USE_TZ = True
STRIPE_TEST_SECRET_KEY = "sk_test_" + 24 * "a"
STRIPE_LIVE_MODE = False
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
LOGGING_CONFIG = None
