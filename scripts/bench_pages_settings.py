"""The product's settings for `scripts/bench pages`: an empty page, the number of queries in a header, no throttle."""

from core.settings import *  # noqa: F403
from core.settings import MIDDLEWARE as _MIDDLEWARE

ROOT_URLCONF = "bench_pages_urls"
MIDDLEWARE = ["bench_pages_urls.CountQueries", *_MIDDLEWARE]
