"""The form of values in Django's cache: JSON instead of Django's pickle, which runs code when it is read."""

import json
from typing import Any


class JSONSerializer:
    """For the OPTIONS of a RedisCache. Whole numbers stay as they are, so that Valkey can add to them."""

    def dumps(self, value: Any) -> bytes | int:
        """Raises TypeError for what is no JSON."""
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        """Raises ValueError for what is no JSON."""
        return json.loads(data)
