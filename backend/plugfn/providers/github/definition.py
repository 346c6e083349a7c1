"""The GitHub provider: how it connects, where it calls, its rate limit, its events."""

from collections.abc import Mapping

from plugfn.definition import Call, Identity, OAuthSettings, OAuthTokens, Origin, Provider, RateLimit, Trigger
from plugfn.providers.github.errors import TABLE
from plugfn.providers.github.models import Account, IssueOpened, Pinged, PullOpened, Pushed
from plugfn.providers.github.oauth import MEDIA, OAUTH
from plugfn.providers.github.webhooks import WEBHOOKS

API = "https://api.github.com"


def _origin(settings: OAuthSettings, _tokens: OAuthTokens) -> Origin:
    return Origin(settings.api_url or API, trusted=True)


def _headers(tokens: OAuthTokens) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {tokens.access_token.get_secret_value()}", **MEDIA}


async def _test(call: Call[OAuthTokens]) -> str:
    return (await _identify(call)).label


async def _identify(call: Call[OAuthTokens]) -> Identity:
    """The account is the user's number: it never changes, while another user can take over a login."""
    user = (await call.http.get("/user")).read(Account)
    return Identity(account=str(user.id), label=user.login)


provider = Provider(
    name="github",
    label="GitHub",
    auth=OAUTH,
    several=True,
    docs_url="https://docs.github.com/rest",
    origin=_origin,
    settings=OAuthSettings,
    headers=_headers,
    limits=(RateLimit(5000, 3600),),
    errors=TABLE,
    triggers=(
        Trigger("issues.opened", IssueOpened, "Somebody opened an issue."),
        Trigger("pull_request.opened", PullOpened, "Somebody opened a pull request."),
        Trigger("push", Pushed, "Somebody pushed commits, or created or deleted a branch or tag."),
        Trigger("ping", Pinged, "Somebody created a webhook, or tests it."),
    ),
    webhooks=WEBHOOKS,
    test=_test,
    identify=_identify,
)
