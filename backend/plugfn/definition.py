"""What a provider is: how users connect, its actions and events, and the meaning of its errors.

A provider is data and plain functions. The executor does everything around a call: credentials, limits, retries, logs.
See docs/creating-providers.md.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from keyword import iskeyword
from typing import Annotated, Any, Generic, Literal, TypeVar, get_type_hints

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from plugfn.connection import Connection
from plugfn.errors import ConfigurationError, InvalidCall
from plugfn.inbound import Webhooks
from plugfn.models import Model as Model  # noqa: PLC0414 - providers import it from here
from plugfn.models import Result as Result  # noqa: PLC0414 - this too
from plugfn.net.answer import ErrorTable
from plugfn.net.guard import Guard
from plugfn.net.url import read_url
from plugfn.net.vendor import VendorHttp
from plugfn.resilience.retry import policy

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)


LONGEST_TIMEOUT = 3600.0

_PART = re.compile(r"[a-z][A-Za-z0-9_]*")
_EVENT = re.compile(r"[\x21-\x29\x2b-\x7e]{1,200}")
"""An event's name; "*" means all events."""


class Settings(Model):
    """What the operator sets for a provider under `integrations`. Subclass it to add fields; secrets are SecretStr."""

    webhook_secrets: tuple[SecretStr, ...] = ()
    """Secrets that deliveries may be signed with; several while one is being replaced."""

    @field_validator("*")
    @classmethod
    def _check_urls(cls, value: Any, info: ValidationInfo) -> Any:
        if not str(info.field_name).endswith("_url") or not isinstance(value, str):
            return value
        try:
            read_url(value)
        except InvalidCall:
            raise ValueError("must be a URL: https://…") from None
        return value


class OAuthSettings(Settings):
    """The settings of every OAuth provider. Set the URLs only to replace the vendor's (a proxy, Enterprise)."""

    client_id: str
    client_secret: SecretStr
    scopes: tuple[str, ...] | None = None
    redirect_uri: str | None = None
    """Where the vendor sends the user back, exactly; default: base_url + /oauth/<provider>/callback."""
    authorize_url: str | None = None
    token_url: str | None = None
    api_url: str | None = None


def _storable(moment: datetime) -> datetime:
    """A time that every database can store, in any time zone."""
    if not 1970 < moment.year < 9999:
        raise ValueError("must be a time between the years 1971 and 9998")
    return moment


class OAuthTokens(Model):
    """The credentials of an OAuth connection."""

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    expires_at: Annotated[AwareDatetime, AfterValidator(_storable)] | None = None
    scopes: tuple[str, ...] = ()
    account: str = ""
    """The vendor's id of the connected account, if its answer has one (a Slack team, a GitHub user's number)."""
    label: str = ""
    """A name of the account that a person recognises."""


@dataclass(frozen=True)
class OAuth2:
    """Users connect at the vendor's site (authorization code flow, RFC 6749; PKCE, RFC 7636)."""

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...] = ()
    scope_separator: str = " "
    pkce: bool = True
    issuer: str | None = None
    """The vendor's name in the callback's `iss` (RFC 9207); any other name is refused."""
    client_auth: Literal["client_secret_post", "client_secret_basic"] = "client_secret_post"
    extra_authorize: Mapping[str, str] = field(default_factory=dict)
    read_tokens: "Callable[[Mapping[str, Any]], OAuthTokens] | None" = None
    """The vendor's token answer → ours. None: as RFC 6749, 5.1. It never gets a 200 with `error` in it."""
    revoke: "Callable[[Call[OAuthTokens]], Awaitable[None]] | None" = None
    """Revokes the token at the vendor when the user disconnects. A failure does not prevent the disconnect."""
    reauth_errors: frozenset[str] = frozenset({"invalid_grant", "bad_refresh_token"})
    """Error codes of a refused refresh after which the user must connect again."""


@dataclass(frozen=True)
class Form:
    """Users (or operators for them) type their credentials. `model` is a Model with SecretStr for secrets."""

    model: type[Model]


@dataclass(frozen=True)
class RateLimit:
    """At most `calls` in any window of `per_seconds`, for each connection or for all connections together."""

    calls: int
    per_seconds: int
    per: Literal["connection", "provider"] = "connection"
    by: str = ""
    """For an action's own limit: a parameter (a channel, a recipient); each of its values has its own budget."""

    def __post_init__(self) -> None:
        if self.calls < 1 or self.per_seconds < 1 or self.per not in ("connection", "provider"):
            raise ConfigurationError(
                "a rate limit must be at least one call in at least one second, per connection or provider"
            )


@dataclass(frozen=True)
class Origin:
    """Where calls go. `trusted`: the vendor or the operator chose it; otherwise private addresses are refused."""

    url: str
    trusted: bool


class Identity(Result):
    """Whose account a connection is."""

    account: str
    """The vendor's permanent id of the account: not a name, which one user can give up and another take."""
    label: str
    """A name of the account that a person recognises."""


C = TypeVar("C", bound=Model)


@dataclass
class Doubt:
    """For providers that do not speak HTTP: whether a call that is cut off now may have been done.

    None means unknown, which counts as yes."""

    possible: bool | None = None


@dataclass(frozen=True)
class Call(Generic[C]):
    """What an action's function gets besides its parameters."""

    provider: "Provider"
    connection: Connection
    credentials: C
    settings: Any
    """An instance of the provider's settings class."""
    http: VendorHttp
    """HTTP to the provider's origin, authenticated, with errors mapped by the provider's error table."""
    guard: Guard
    """Checks the address before any other connection to a host that a user named."""
    attempt_id: str
    """Unique to the call and the same in all of its attempts: give it to the vendor for correlation."""
    doubt: Doubt = field(default_factory=Doubt)


ActionFunction = Callable[[Call[Any], P], Awaitable[R]]


@dataclass(frozen=True)
class Action(Generic[P, R]):
    """One thing that a provider can do."""

    provider: str
    name: str
    params: type[P]
    result: type[R]
    run: ActionFunction[P, R]
    summary: str
    safe: bool = False
    """Whether doing it twice does no harm (as for every read): only then is it retried after an unclear outcome."""
    scopes: tuple[str, ...] = ()
    timeout: float = 30.0
    retry: str = "default"
    limits: tuple[RateLimit, ...] = ()

    @property
    def path(self) -> str:
        """`github.issues.create`"""
        return f"{self.provider}.{self.name}"


@dataclass(frozen=True)
class Trigger:
    """One kind of event from a provider. `payload` declares the fields that conditions and templates may use."""

    name: str
    payload: type[Result]
    summary: str


@dataclass(frozen=True)
class Provider:
    """A complete provider. The decorator `action` adds its actions, when its module is imported."""

    name: str
    label: str
    auth: OAuth2 | Form
    docs_url: str
    origin: Callable[[Any, Any], Origin]
    """(settings, credentials) → where calls go."""
    settings: type[Settings] = Settings
    headers: Callable[[Any], Mapping[str, str]] = lambda credentials: {}
    """Credentials → the headers that authenticate a request."""
    limits: tuple[RateLimit, ...] = ()
    errors: ErrorTable = field(default_factory=ErrorTable)
    triggers: tuple[Trigger, ...] = ()
    webhooks: Webhooks | None = None
    several: bool = False
    """Whether one user may well want several connections, as to several databases or repositories' owners."""
    test: Callable[[Call[Any]], Awaitable[str]] | None = None
    """Asks the vendor whether the connection works. Returns the account's label. Raises as actions do."""
    identify: Callable[[Call[Any]], Awaitable[Identity]] | None = None
    """Asks the vendor whose account it is, when the OAuth token answer does not say. Raises as actions do."""
    actions: dict[str, Action[Any, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [trigger.name for trigger in self.triggers]
        if len(set(names)) < len(names) or not all(_EVENT.fullmatch(name) for name in names):
            raise ConfigurationError(f"{self.name} has two triggers with the same name, or one with an invalid name")
        if any(limit.by for limit in self.limits):
            raise ConfigurationError(f"{self.name} cannot limit calls by parameters: only its actions can")

    @property
    def credentials(self) -> type[Model]:
        """The model of its connections' credentials."""
        return self.auth.model if isinstance(self.auth, Form) else OAuthTokens

    def action(
        self,
        name: str,
        *,
        summary: str,
        safe: bool = False,
        scopes: tuple[str, ...] = (),
        timeout: float = 30.0,
        retry: str = "default",
        limits: tuple[RateLimit, ...] = (),
    ) -> Callable[[Callable[[Call[Any], P], Awaitable[R]]], Action[P, R]]:
        """Turns an async function `(call, params) -> result` into an action; its annotations are the two models."""

        def register(run: Callable[[Call[Any], P], Awaitable[R]]) -> Action[P, R]:
            self._check_action(name)
            policy(retry)
            if not 0 < timeout <= LONGEST_TIMEOUT:
                raise ConfigurationError(f"{self.name}.{name} must have a timeout above 0 and at most an hour")
            params, result = _models(run)
            for limit in limits:
                if limit.by and limit.by not in params.model_fields:
                    raise ConfigurationError(f"{self.name}.{name} has no parameter {limit.by!r} to limit calls by")
            new: Action[P, R] = Action(
                self.name, name, params, result, run, summary, safe, scopes, timeout, retry, limits
            )
            self.actions[name] = new
            return new

        return register

    def _check_action(self, name: str) -> None:
        parts = name.split(".")
        if not all(_PART.fullmatch(part) and not iskeyword(part) for part in parts):
            raise ConfigurationError(f"{self.name} cannot have an action called {name!r}, which cannot be an attribute")
        if name in self.actions:
            raise ConfigurationError(f"{self.name} has two actions called {name}")
        for other in self.actions:
            if other.startswith(f"{name}.") or name.startswith(f"{other}."):
                raise ConfigurationError(f"{self.name}.{name} and {self.name}.{other}: one hides the other")


def _models(run: Callable[..., Any]) -> tuple[Any, Any]:
    hints = get_type_hints(run)
    names = list(inspect.signature(run).parameters)
    if len(names) != 2 or not inspect.iscoroutinefunction(run):
        raise ConfigurationError(f"{run.__name__} must be `async def {run.__name__}(call, params)`")
    return hints[names[1]], hints["return"]
