"""PostgreSQL and Valkey of one folder together, shared by any number of programs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from embedded import postgres, valkey
from embedded.locks import Holder, exclusive, in_use

KEEP = "keep-running"


class Services:
    """The servers of `folder`, except those for which `given` already holds an address of the user's own."""

    def __init__(self, folder: Path, given: Mapping[str, str] | None = None) -> None:
        self.folder = folder.resolve()
        self.given = {name: value for name, value in (given or {}).items() if value}

    def start(self, settings: Mapping[str, str] | None = None) -> dict[str, str]:
        """Start what is missing; returns the addresses by the names of the settings. Raises EmbeddedError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with exclusive(self.folder / "start.lock"):
            return self._start(settings)

    def stop(self) -> None:
        """Stop both servers, whoever uses them. Raises EmbeddedError."""
        with exclusive(self.folder / "start.lock"):
            self._stop()

    def stop_if_unused(self, holder: Holder) -> None:
        """Release `holder` and stop the servers when it was the last one and nobody asked to keep them."""
        with exclusive(self.folder / "start.lock"):
            last = holder.alone() and not self.kept.exists()
            holder.release()
            if last:
                self._stop()

    def hold(self) -> Holder:
        self.folder.mkdir(parents=True, exist_ok=True)
        return Holder(self.folder / "users.lock")

    def held(self) -> bool:
        return in_use(self.folder / "users.lock")

    def running(self) -> dict[str, bool]:
        return {
            "postgres": postgres.find(self.folder) is not None,
            "valkey": valkey.find(self.folder) is not None,
        }

    @property
    def kept(self) -> Path:
        """The mark of `python -m embedded start`: stay up after the last user went."""
        return self.folder / KEEP

    def _start(self, settings: Mapping[str, str] | None) -> dict[str, str]:
        environment = self._database(settings)
        if url := self.given.get("REDIS_URL"):
            return {**environment, "REDIS_URL": url}
        return {**environment, "REDIS_URL": valkey.start(self.folder).url()}

    def _database(self, settings: Mapping[str, str] | None) -> dict[str, str]:
        if url := self.given.get("DATABASE_URL"):
            return {"DATABASE_URL": url, "DATABASE_OWNER_URL": self.given.get("DATABASE_OWNER_URL", url)}
        server = postgres.start(self.folder, settings)
        return {
            "DATABASE_URL": server.url("ponte_app", "ponte"),
            "DATABASE_OWNER_URL": server.url("ponte_owner", "ponte"),
        }

    def _stop(self) -> None:
        self.kept.unlink(missing_ok=True)
        for server in (postgres.find(self.folder), valkey.find(self.folder)):
            if server:
                server.stop()


@contextmanager
def services(
    folder: Path, given: Mapping[str, str] | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[dict[str, str]]:
    """Servers for the length of a `with`: yields their addresses by the names of the settings.

    `given` (say, os.environ): a DATABASE_URL or REDIS_URL in it is taken instead of a server of ours.
    `settings`: lines for postgresql.conf. Raises EmbeddedError when a server cannot be started.
    """
    both = Services(folder, given)
    holder = both.hold()
    try:
        yield both.start(settings)
    finally:
        both.stop_if_unused(holder)
