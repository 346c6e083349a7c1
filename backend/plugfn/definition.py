"""What a provider is: how its users connect, what it can do, what it tells us, and what its errors mean.

A provider is data and plain functions; everything that happens around a call (credentials, limits, retries, logs) is
the executor's. See docs/creating-providers.md.
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
"""An event's name; "*" stands for all of them."""


class Settings(Model):
    """What the operator sets for a provider under `integrations`. Subclass it to add fields; secrets are SecretStr."""

    webhook_secrets: tuple[SecretStr, ...] = ()
    """Secrets that deliveries may be signed with: several while one is being replaced."""

    @field_validator("*")
    @classmethod
    def _an_address(cls, value: Any, info: ValidationInfo) -> Any:
        if not str(info.field_name).endswith("_url") or not isinstance(value, str):
            return value
        try:
            read_url(value)
        except InvalidCall:
            raise ValueError("must be an address: https://…") from None
        return value


class OAuthSettings(Settings):
    """What every OAuth provider is set up with. The URLs are the vendor's unless set (a proxy, Enterprise)."""

    client_id: str
    client_secret: SecretStr
    scopes: tuple[str, ...] | None = None
    redirect_uri: str | None = None
    """Where the vendor sends the user back; default: base_url + /oauth/<provider>/callback. Always exact."""
    authorize_url: str | None = None
    token_url: str | None = None
    api_url: str | None = None


def _of_this_age(moment: datetime) -> datetime:
    """A moment that every database keeps, whatever time zone it shows it in."""
    if not 1970 < moment.year < 9999:
        raise ValueError("must be a moment of this age")
    return moment


class OAuthTokens(Model):
    """The credentials of an OAuth connection."""

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    expires_at: Annotated[AwareDatetime, AfterValidator(_of_this_age)] | None = None
    scopes: tuple[str, ...] = ()
    account: str = ""
    """The vendor's own id of the connected account, where it names one (a Slack team, a GitHub user's number)."""
    label: str = ""
    """How a person would name that account."""


@dataclass(frozen=True)
class OAuth2:
    """Users connect at the vendor's site (authorization code flow, RFC 6749; PKCE, RFC 7636)."""

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...] = ()
    scope_separator: str = " "
    pkce: bool = True
    issuer: str | None = None
    """Where the vendor names itself in the callback's `iss` (RFC 9207): the one name that is accepted."""
    client_auth: Literal["client_secret_post", "client_secret_basic"] = "client_secret_post"
    extra_authorize: Mapping[str, str] = field(default_factory=dict)
    read_tokens: "Callable[[Mapping[str, Any]], OAuthTokens] | None" = None
    """The vendor's token answer → ours. None: as RFC 6749, 5.1. A 200 that carries `error` never reaches it."""
    revoke: "Callable[[Call[OAuthTokens]], Awaitable[None]] | None" = None
    """Takes the token back at the vendor when the user disconnects. Best effort."""
    reauth_errors: frozenset[str] = frozenset({"invalid_grant", "bad_refresh_token"})
    """Codes of a refused refresh after which only the user can help."""


@dataclass(frozen=True)
class Form:
    """Users (or operators for them) type their credentials: `model` is a Model with SecretStr for what is secret."""

    model: type[Model]


@dataclass(frozen=True)
class RateLimit:
    """At most `calls` in any window of `per_seconds`, for each connection or for all connections together."""

    calls: int
    per_seconds: int
    per: Literal["connection", "provider"] = "connection"
    by: str = ""
    """For an action's own limit: the parameter (a channel, a recipient) each value of which has a budget of its own."""

    def __post_init__(self) -> None:
        if self.calls < 1 or self.per_seconds < 1 or self.per not in ("connection", "provider"):
            raise ConfigurationError(
                "a rate limit is one call or more in one second or more, per connection or provider"
            )


@dataclass(frozen=True)
class Origin:
    """Where calls go. `trusted`: named by the vendor or the operator; otherwise private addresses are refused."""

    url: str
    trusted: bool


class Identity(Result):
    """Whose a connection is."""

    account: str
    """The vendor's own id of the account, that never becomes another's: not a name, which may be given up and taken."""
    label: str
    """How a person would name it."""


C = TypeVar("C", bound=Model)


@dataclass
class Doubt:
    """For providers that speak no HTTP: whether a call that is cut off now may have been done all the same.

    None, which is for nobody having said, counts as yes."""

    possible: bool | None = None


@dataclass(frozen=True)
class Call(Generic[C]):
    """What an action's function is given besides its parameters."""

    provider: "Provider"
    connection: Connection
    credentials: C
    settings: Any
    """An instance of the provider's settings class."""
    http: VendorHttp
    """HTTP to the provider's origin, authenticated, its errors mapped by the provider's error table."""
    guard: Guard
    """Asked before any other connection to an address that a user named."""
    attempt_id: str
    """Unique to this call and the same in all of its attempts: what to give a vendor for correlation."""
    doubt: Doubt = field(default_factory=Doubt)


Run = Callable[[Call[Any], P], Awaitable[R]]


@dataclass(frozen=True)
class Action(Generic[P, R]):
    """One thing that a provider can do."""

    provider: str
    name: str
    params: type[P]
    result: type[R]
    run: Run[P, R]
    summary: str
    safe: bool = False
    """Whether doing it twice does no harm (every read): only then is it repeated after an unclear outcome."""
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
    """One kind of event that a provider tells. `payload` declares the fields that conditions and templates may use."""

    name: str
    payload: type[Result]
    summary: str


@dataclass(frozen=True)
class Provider:
    """A provider, complete. Its actions are added by the decorator `action`, when its module is imported."""

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
    test: Callable[[Call[Any]], Awaitable[str]] | None = None
    """Asks the vendor whether the connection works; returns the account's label. Raises as actions do."""
    identify: Callable[[Call[Any]], Awaitable[Identity]] | None = None
    """Asks the vendor whose connection it is: for OAuth whose token answer names no account. Raises as actions do."""
    actions: dict[str, Action[Any, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [trigger.name for trigger in self.triggers]
        if len(set(names)) < len(names) or not all(_EVENT.fullmatch(name) for name in names):
            raise ConfigurationError(f"{self.name} has two triggers of one name, or one without a usable name")
        if any(limit.by for limit in self.limits):
            raise ConfigurationError(f"{self.name} has no parameters to limit calls by: that is for actions")

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
        """Makes an async function `(call, params) -> result` an action; the annotations say the two models."""

        def register(run: Callable[[Call[Any], P], Awaitable[R]]) -> Action[P, R]:
            self._check_action(name)
            policy(retry)
            if not 0 < timeout <= LONGEST_TIMEOUT:
                raise ConfigurationError(f"{self.name}.{name} must take more than no time, and at most an hour")
            params, result = _models(run)
            for limit in limits:
                if limit.by and limit.by not in params.model_fields:
                    raise ConfigurationError(f"{self.name}.{name} has no parameter {limit.by!r} to limit calls by")
            made: Action[P, R] = Action(
                self.name, name, params, result, run, summary, safe, scopes, timeout, retry, limits
            )
            self.actions[name] = made
            return made

        return register

    def _check_action(self, name: str) -> None:
        parts = name.split(".")
        if not all(_PART.fullmatch(part) and not iskeyword(part) for part in parts):
            raise ConfigurationError(f"{self.name} cannot have an action called {name!r}: it is called as an attribute")
        if name in self.actions:
            raise ConfigurationError(f"{self.name} has two actions called {name}")
        for other in self.actions:
            if other.startswith(f"{name}.") or name.startswith(f"{other}."):
                raise ConfigurationError(f"{self.name}.{name} and {self.name}.{other}: one would hide the other")


def _models(run: Callable[..., Any]) -> tuple[Any, Any]:
    hints = get_type_hints(run)
    names = list(inspect.signature(run).parameters)
    if len(names) != 2 or not inspect.iscoroutinefunction(run):
        raise ConfigurationError(f"{run.__name__} must be `async def {run.__name__}(call, params)`")
    return hints[names[1]], hints["return"]
