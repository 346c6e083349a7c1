"""A hook of Schemathesis, which `test_api_live` loads: a cursor is opaque, so no schema says which ones are valid."""

from typing import Any

import schemathesis


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Send no invented cursor in a case that the server is to accept."""
    if case.query and case.meta is not None and case.meta.generation.mode.is_positive:
        case.query.pop("cursor", None)
