"""Real PostgreSQL and Valkey servers without an installation, for the demo, for development and for tests.

    with embedded.servers(Path(".local")) as environment:
        environment["DATABASE_URL"], environment["DATABASE_OWNER_URL"], environment["REDIS_URL"]

Several programs can use one folder at the same time: the first starts the servers, the last stops them.
This package imports neither Django nor anything else of this project.
"""

from embedded.errors import EmbeddedError
from embedded.servers import Servers, servers

__all__ = ["EmbeddedError", "Servers", "servers"]
