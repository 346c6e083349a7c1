"""What Supabase's errors mean. PostgREST's own codes: https://docs.postgrest.org/en/stable/references/errors.html

PostgreSQL's codes come through as they are; those that are not here mean what plugfn.database.sqlstates says.
"""

import re

from plugfn.database.sqlstates import SqlStates
from plugfn.errors import GiveUp, InvalidCall, NeedsReconnect, NotFound, Unavailable, Unexpected
from plugfn.net.answer import Answer, ErrorTable, Means

_CODE = re.compile("PGRST[0-9A-Z]{3}|[0-9A-Z]{5}", re.ASCII)

_NO_DATABASE = "The project's API cannot reach its database."
_BAD_KEY = "The key is not accepted."

CODES = {
    "PGRST000": Means(Unavailable, _NO_DATABASE),
    "PGRST001": Means(Unavailable, _NO_DATABASE),
    "PGRST002": Means(Unavailable, "The project's API is reading its database's schema."),
    "PGRST003": Means(Unavailable, "The project's API has no free connection to its database."),
    "PGRST100": Means(InvalidCall, "The API cannot read the query."),
    "PGRST103": Means(InvalidCall, "The offset lies beyond the last row."),
    "PGRST106": Means(NotFound, "The API does not serve this schema."),
    "PGRST108": Means(InvalidCall, "A filter names a table that the query does not read."),
    "PGRST116": Means(NotFound, "There is not exactly one row."),
    "PGRST123": Means(InvalidCall, "The project has aggregate functions switched off."),
    "PGRST125": Means(NotFound, "There is no such address."),
    "PGRST204": Means(InvalidCall, "There is no column of that name."),
    "PGRST205": Means(NotFound, "There is no table of that name, or the key may not see it."),
    "PGRST300": Means(GiveUp, "The project has no secret for its tokens."),
    "PGRST301": Means(NeedsReconnect, _BAD_KEY),
    "PGRST302": Means(NeedsReconnect, "The project wants a key."),
    "PGRST303": Means(NeedsReconnect, "The key has ended, or is for something else."),
    "PGRSTX00": Means(Unavailable, "The project's API failed within."),
}
STATUSES = {
    404: Means(Unexpected, "There is no Supabase REST API at this address."),
    520: Means(Unavailable, "The project does not answer."),
    521: Means(Unavailable, "The project is down."),
    522: Means(Unavailable, "The project does not answer."),
    540: Means(GiveUp, "The project is paused: start it again in Supabase's dashboard."),
    544: Means(Unavailable, "The project's database did not answer in time."),
}


def code_of(answer: Answer) -> str | None:
    """The code in an error's body; None when there is none, as when the gateway refuses, or no error at all."""
    if answer.ok or not answer.body.lstrip().startswith(b"{"):
        return None
    found = answer.document().get("code")
    return found if isinstance(found, str) and _CODE.fullmatch(found) else None


ERRORS = ErrorTable(codes=SqlStates(CODES), statuses=STATUSES, read=code_of)
