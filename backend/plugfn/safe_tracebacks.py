"""Tracebacks without exception messages, which may quote secrets and personal data."""

import traceback

MOST_FRAMES = 20


def safe_traceback(error: BaseException) -> str:
    """The type of the exception and of its causes, each with its innermost frames."""
    blocks: list[str] = []
    current: BaseException | None = error
    while current is not None and len(blocks) < 5:
        frames = traceback.extract_tb(current.__traceback__)[-MOST_FRAMES:]
        lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        blocks.append("\n".join([type(current).__name__, *lines]))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\nfrom ".join(blocks)
