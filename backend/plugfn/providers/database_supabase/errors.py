"""What Supabase's errors mean. PostgREST's own codes: https://docs.postgrest.org/en/stable/references/errors.html

PostgREST passes PostgreSQL's codes on unchanged: plugfn.database.sqlstates says what those mean.
"""

import re

from plugfn.database.sqlstates import SqlStates
from plugfn.errors import GiveUp, InvalidCall, NeedsReconnect, NotFound, Unavailable, Unexpected
from plugfn.net.answer import Answer, ErrorTable, Means

_CODE = re.compile("PGRST[0-9A-Z]{3}|[0-9A-Z]{5}", re.ASCII)

_NO_DATABASE = "The project's API cannot reach its database."
_BAD_KEY = "The project does not accept the key."

CODES = {
    "PGRST000": Means(Unavailable, _NO_DATABASE),
    "PGRST001": Means(Unavailable, _NO_DATABASE),
    "PGRST002": Means(Unavailable, "The project's API is still loading the database's schema."),
    "PGRST003": Means(Unavailable, "The project's API has no free connection to its database."),
    "PGRST100": Means(InvalidCall, "The API cannot read the query."),
    "PGRST103": Means(InvalidCall, "The offset is beyond the last row."),
    "PGRST106": Means(NotFound, "The API does not serve this schema."),
    "PGRST108": Means(InvalidCall, "A filter names a table that the query does not read."),
    "PGRST116": Means(NotFound, "Not exactly one row matches."),
    "PGRST123": Means(InvalidCall, "The project has aggregate functions switched off."),
    "PGRST125": Means(NotFound, "The API does not have this path."),
    "PGRST204": Means(InvalidCall, "The column does not exist."),
    "PGRST205": Means(NotFound, "The table does not exist, or the key may not see it."),
    "PGRST300": Means(GiveUp, "The project's API has no secret to verify tokens: the operator must set one."),
    "PGRST301": Means(NeedsReconnect, _BAD_KEY),
    "PGRST302": Means(NeedsReconnect, "The project requires a key."),
    "PGRST303": Means(NeedsReconnect, "The key has expired, or is for another project."),
    "PGRSTX00": Means(Unavailable, "The project's API failed internally."),
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
    """The code in an error's body. None if the answer is no error, or has no code, for example from the gateway."""
    if answer.ok or not answer.body.lstrip().startswith(b"{"):
        return None
    code = answer.document().get("code")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None


ERRORS = ErrorTable(codes=SqlStates(CODES), statuses=STATUSES, read=code_of)
