"""The cache as the engine uses it: an error of Valkey is an error, while for pages the cache is then merely empty."""

from django.core.cache import BaseCache, caches
from django.utils.connection import ConnectionProxy

cache: BaseCache = ConnectionProxy(caches, "engine")  # type: ignore[assignment]
