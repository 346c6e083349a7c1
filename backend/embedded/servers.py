"""PostgreSQL and Valkey of one folder together, shared by any number of programs."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from embedded import place, postgres, valkey
from embedded.locks import Holder, exclusive_lock

KEEP = "keep-running"


class Servers:
    """The servers of `folder`. A server whose address is in `environment` is the user's own, and is left alone."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder.resolve()
        self.environment = {name: value for name, value in (environment or {}).items() if value}

    def start(self, settings: Mapping[str, str] | None = None) -> dict[str, str]:
        """Start the servers that do not run. Returns their addresses by name of the setting. Raises EmbeddedError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with exclusive_lock(self.folder / "start.lock"):
            return self._start(settings)

    def stop(self) -> None:
        """Stop both servers, even if a program uses them. Raises EmbeddedError."""
        with exclusive_lock(self.folder / "start.lock"):
            self._stop()

    def has_data(self) -> bool:
        """Whether a server of ours has run here before."""
        return (self.folder / "valkey").exists()

    def remove(self) -> None:
        """Stop both servers, even if a program uses them, and delete their data. Raises EmbeddedError."""
        with exclusive_lock(self.folder / "start.lock"):
            self._stop()
            for home in (place.find(self.folder).home, self.folder / "valkey"):
                if home.exists():
                    shutil.rmtree(home)

    def stop_if_unused(self, holder: Holder) -> None:
        """Release `holder`. If it was the last one, stop the servers, unless `python -m embedded start` keeps them."""
        with exclusive_lock(self.folder / "start.lock"):
            last = holder.is_last() and not self.keep_mark.exists()
            holder.release()
            if last:
                self._stop()

    def hold(self) -> Holder:
        self.folder.mkdir(parents=True, exist_ok=True)
        return Holder(self.folder / "users.lock")

    def running(self) -> dict[str, bool]:
        return {
            "postgres": postgres.find(self.folder) is not None,
            "valkey": valkey.find(self.folder) is not None,
        }

    @property
    def keep_mark(self) -> Path:
        """The file that `python -m embedded start` makes: the servers then run on after their last user."""
        return self.folder / KEEP

    def _start(self, settings: Mapping[str, str] | None) -> dict[str, str]:
        environment = self._database(settings)
        if url := self.environment.get("REDIS_URL"):
            return {**environment, "REDIS_URL": url}
        return {**environment, "REDIS_URL": valkey.start(self.folder).url()}

    def _database(self, settings: Mapping[str, str] | None) -> dict[str, str]:
        if url := self.environment.get("DATABASE_URL"):
            return {"DATABASE_URL": url, "DATABASE_OWNER_URL": self.environment.get("DATABASE_OWNER_URL", url)}
        server = postgres.start(self.folder, settings)
        return {
            "DATABASE_URL": server.url("ponte_app", "ponte"),
            "DATABASE_OWNER_URL": server.url("ponte_owner", "ponte"),
        }

    def _stop(self) -> None:
        self.keep_mark.unlink(missing_ok=True)
        for server in (postgres.find(self.folder), valkey.find(self.folder)):
            if server:
                server.stop()


@contextmanager
def servers(
    folder: Path, environment: Mapping[str, str] | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[dict[str, str]]:
    """Run the servers while the `with` lasts. Yields their addresses by the names of the settings.

    `environment` (for example os.environ): a DATABASE_URL or REDIS_URL in it is used instead of a server of ours.
    `settings`: lines for postgresql.conf. Raises EmbeddedError when a server cannot be started.
    """
    both = Servers(folder, environment)
    holder = both.hold()
    try:
        yield both.start(settings)
    finally:
        both.stop_if_unused(holder)
