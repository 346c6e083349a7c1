"""A provider's OAuth application, as the operator configured it."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from plugfn.definition import OAuth2, OAuthSettings, Provider
from plugfn.errors import ConfigurationError, InvalidCall, InvalidParams
from plugfn.net.url import Address, read_url
from plugfn.oauth.pending import Pending
from plugfn.registry import ProviderRegistry

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class TokenRequest:
    """A POST to the token endpoint."""

    address: Address
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class App:
    """A provider, its OAuth description, and the operator's settings for it."""

    provider: Provider
    auth: OAuth2
    settings: OAuthSettings

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes to ask for unless the caller gives others."""
        return self.auth.scopes if self.settings.scopes is None else self.settings.scopes

    def redirect_uri(self, base_url: str) -> str:
        """Where the vendor sends users back. It must be registered with the vendor exactly so."""
        return self.settings.redirect_uri or f"{base_url}/oauth/{self.provider.name}/callback"

    def authorization_url(self, pending: Pending, state: str) -> str:
        """The URL to send the user to (RFC 6749, 4.1.1; RFC 7636, 4.3)."""
        url = self.settings.authorize_url or self.auth.authorize_url
        _checked(url, self.provider.name, "authorize_url")
        extra = dict(self.auth.extra_authorize)
        if pending.verifier is not None:
            extra["code_challenge"] = create_s256_code_challenge(pending.verifier.get_secret_value())
            extra["code_challenge_method"] = "S256"
        return str(
            prepare_grant_uri(
                url,
                self.settings.client_id,
                "code",
                redirect_uri=pending.redirect_uri,
                scope=self.auth.scope_separator.join(pending.scopes),
                state=state,
                **extra,
            )
        )

    def token_request(self, grant_type: str, **parameters: str | None) -> TokenRequest:
        """A request of this grant type, authenticated in the vendor's way (RFC 6749, 2.3.1)."""
        url = self.settings.token_url or self.auth.token_url
        address = _checked(url, self.provider.name, "token_url")
        secret = self.settings.client_secret.get_secret_value()
        client = ClientAuth(self.settings.client_id, secret, self.auth.client_auth)
        present = {name: value for name, value in parameters.items() if value}
        body = prepare_token_request(grant_type, **present)
        try:
            _, headers, body = client.prepare("POST", url, {"content-type": FORM, "accept": "application/json"}, body)
        except UnicodeEncodeError:
            raise ConfigurationError(
                f"integrations[{self.provider.name!r}].client_secret has invalid characters"
            ) from None
        return TokenRequest(address, headers, body.encode())


def app_of(registry: ProviderRegistry, name: str) -> App:
    """Raises UnknownName; InvalidCall when the provider does not use OAuth; ConfigurationError."""
    provider, settings = registry.get(name), registry.settings(name)
    if not isinstance(provider.auth, OAuth2):
        raise InvalidCall(
            f"{provider.label} takes typed credentials: connect with connections.create",
            code="not_oauth",
            provider=name,
        )
    if not isinstance(settings, OAuthSettings):
        raise ConfigurationError(f"the settings of {name} must be a subclass of OAuthSettings")
    return App(provider, provider.auth, settings)


def _checked(url: str, provider: str, setting: str) -> Address:
    """Raises ConfigurationError unless the URL is https or local, since secrets go there (RFC 6749, 3.1 and 3.2)."""
    try:
        address = read_url(url)
    except InvalidParams as error:
        raise ConfigurationError(f"integrations[{provider!r}].{setting}: {error.message}") from None
    if address.scheme != "https" and not _is_loopback(address.host):
        raise ConfigurationError(f"integrations[{provider!r}].{setting} must begin with https://")
    return address


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
