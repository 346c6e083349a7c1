"""Time as the API writes it, and pauses that the --speed option shortens."""

import asyncio
from datetime import UTC, date, datetime, timedelta


def now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """`YYYY-MM-DDTHH:mm:ss.sssZ`: three digits and Z, the only form that the Node SDK turns into a Date."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse_iso(text: str) -> datetime | None:
    """An instant from any ISO form. A date alone is midnight UTC. None for any other text."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def moment_of(text: str) -> datetime:
    """Read an instant that the emulator wrote. ValueError for anything else."""
    moment = parse_iso(text)
    if moment is None:
        raise ValueError(f"not an instant: {text}")
    return moment


def at_day(day: date, hour: int = 0) -> str:
    """The day as the API writes dates: midnight UTC, or hour=3 for midnight in São Paulo."""
    return f"{day.isoformat()}T{hour:02d}:00:00.000Z"


class Clock:
    """Pauses of executions. `speed` 10 makes them ten times faster."""

    def __init__(self, speed: float) -> None:
        self.speed = max(speed, 0.001)

    def scaled(self, seconds: float) -> float:
        """The real seconds for `seconds` of an execution."""
        return seconds / self.speed

    def after(self, seconds: float) -> datetime:
        """The instant `seconds` of execution time from now."""
        return now() + timedelta(seconds=self.scaled(seconds))

    async def pause(self, seconds: float) -> None:
        """Wait `seconds` of execution time."""
        await asyncio.sleep(self.scaled(seconds))
