"""The Slack provider: how it connects, where it calls, its rate limits, its events."""

from collections.abc import Mapping

from plugfn.definition import Call, OAuthSettings, OAuthTokens, Origin, Provider, RateLimit, Result, Trigger
from plugfn.providers.slack.errors import TABLE
from plugfn.providers.slack.models import AppMentioned, BlockActions, MessageWritten
from plugfn.providers.slack.oauth import OAUTH
from plugfn.providers.slack.webhooks import WEBHOOKS

API = "https://slack.com/api"


class Tested(Result):
    """The answer of auth.test: the workspace of the token."""

    team: str


def _origin(settings: OAuthSettings, _tokens: OAuthTokens) -> Origin:
    return Origin(settings.api_url or API, trusted=True)


def _headers(tokens: OAuthTokens) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {tokens.access_token.get_secret_value()}"}


async def _test(call: Call[OAuthTokens]) -> str:
    return (await call.http.post("/auth.test")).read(Tested).team


provider = Provider(
    name="slack",
    label="Slack",
    auth=OAUTH,
    several=True,
    docs_url="https://docs.slack.dev",
    origin=_origin,
    settings=OAuthSettings,
    headers=_headers,
    limits=(RateLimit(100, 60),),
    errors=TABLE,
    triggers=(
        Trigger("message", MessageWritten, "Somebody wrote a message in a channel that this app is in."),
        Trigger("app_mention", AppMentioned, "Somebody mentioned this app."),
        Trigger("block_actions", BlockActions, "Somebody pressed a button in a message of this app."),
    ),
    webhooks=WEBHOOKS,
    test=_test,
)
