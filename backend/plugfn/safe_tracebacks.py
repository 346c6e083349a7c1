"""Where an exception came from, without what it says: messages of exceptions may quote secrets and personal data."""

import traceback

MOST_FRAMES = 20


def safe_traceback(error: BaseException) -> str:
    """The kind of the exception and of those that it came from, each with its innermost frames."""
    told: list[str] = []
    found: BaseException | None = error
    while found is not None and len(told) < 5:
        frames = traceback.extract_tb(found.__traceback__)[-MOST_FRAMES:]
        lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        told.append("\n".join([type(found).__name__, *lines]))
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    return "\nfrom ".join(told)
