"""Consent becomes a code, a code becomes tokens, a refresh token becomes the next ones; and all of it ends.

A code and a refresh token work once. One that comes a second time has been stolen from, or by, somebody, so the whole
grant ends then.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from hmac import compare_digest
from typing import Any

from django.utils import timezone

from apps.agents import trail
from apps.agents.models import Application, Credential, Grant
from apps.agents.oauth.asking import Asking
from apps.agents.oauth.credentials import LIFETIMES, Kind, find, is_current, make
from apps.agents.oauth.errors import OAuthError
from apps.agents.oauth.places import is_resource, resource_of
from apps.agents.oauth.scopes import OFFERED
from apps.api.scopes import scopes_of_member
from apps.audit.record import Via
from apps.clients.models import Membership
from lib.errors import Permanent
from lib.row_security import for_system, system_rows

# A person with more has lost sight of them.
MOST_VALID = 50
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")

Sent = Mapping[str, str]


def allow(member: Membership, asking: Asking, scopes: Iterable[str]) -> str:
    """The code for an application that the person has just allowed these scopes. Call it in the client's transaction.

    Raises Permanent if the person may not give a scope away, or has too many applications.
    """
    chosen = [str(scope) for scope in OFFERED if scope in set(scopes)]
    if not chosen or not set(chosen) <= set(map(str, asking.scopes)) & scopes_of_member(member):
        raise Permanent("you may not allow this", code="SCOPE_REFUSED")
    if _number_of_valid(member.user_id) >= MOST_VALID:
        raise Permanent(f"you have {MOST_VALID} connected applications; revoke one first", code="TOO_MANY_GRANTS")
    now = timezone.now()
    grant = Grant.objects.create(
        application=asking.application,
        member=member,
        scopes=chosen,
        resource=resource_of(asking.issuer),
        expires_at=now + LIFETIMES[Kind.REFRESH],
    )
    Application.objects.filter(pk=asking.application.pk).update(allowed_at=now)
    trail.connected(grant)
    return make(grant, Kind.CODE, challenge=asking.challenge, redirect_uri=asking.redirect_uri)


@for_system("applications of a person")
def _number_of_valid(user_id: int) -> int:
    number: int = Grant.objects.valid().filter(member__user_id=user_id).count()
    return number


def exchange(sent: Sent, base: str) -> dict[str, Any]:
    """The answer of the token endpoint. Raises OAuthError."""
    exchanges = {"authorization_code": _of_code, "refresh_token": _of_refresh}
    if (kind := sent.get("grant_type", "")) not in exchanges:
        raise OAuthError("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
    with system_rows("finding a token"):
        found = exchanges[kind](sent, base)
    # Raised only now, because the end of a grant must be committed.
    if isinstance(found, OAuthError):
        raise found
    return found


def revoke(sent: Sent) -> None:
    """The application gives a token back (RFC 7009). A refresh token takes the whole grant with it."""
    text = sent.get("token", "")
    with system_rows("finding a token"):
        for kind in (Kind.REFRESH, Kind.ACCESS):
            credential = find(text, kind, lock=True)
            if credential is None or str(credential.grant.application_id) != sent.get("client_id"):
                continue
            if kind == Kind.REFRESH:
                end(credential.grant, Via.AGENT)
            else:
                Credential.objects.filter(pk=credential.pk).update(used_at=timezone.now())


def end(grant: Grant, via: Via) -> bool:
    """End a grant and all its tokens. False if it had ended."""
    changed = Grant.objects.filter(pk=grant.pk, revoked_at=None).update(revoked_at=timezone.now())
    if changed:
        trail.revoked(grant, via)
    return bool(changed)


def _of_code(sent: Sent, base: str) -> dict[str, Any] | OAuthError:
    credential = _current(find(sent.get("code", ""), Kind.CODE, lock=True), sent, base)
    if isinstance(credential, OAuthError):
        return credential
    if sent.get("redirect_uri", credential.redirect_uri) != credential.redirect_uri:
        return OAuthError("invalid_grant", "redirect_uri is not that of the code")
    if not _proves(sent.get("code_verifier", ""), credential.challenge):
        return OAuthError("invalid_grant", "code_verifier does not prove the code")
    return _issue(credential, credential.grant.scopes)


def _of_refresh(sent: Sent, base: str) -> dict[str, Any] | OAuthError:
    credential = _current(find(sent.get("refresh_token", ""), Kind.REFRESH, lock=True), sent, base)
    if isinstance(credential, OAuthError):
        return credential
    scopes = sent.get("scope", "").split() or credential.grant.scopes
    if not set(scopes) <= set(credential.grant.scopes):
        return OAuthError("invalid_scope", "the person did not allow this scope")
    return _issue(credential, credential.grant.scopes)


def _current(credential: Credential | None, sent: Sent, base: str) -> Credential | OAuthError:
    """The code or token if it opens something; else why not."""
    unknown = OAuthError("invalid_grant", "it is wrong, expired, used or revoked")
    if credential is None or str(credential.grant.application_id) != sent.get("client_id"):
        return unknown
    if credential.used_at is not None:
        end(credential.grant, Via.SYSTEM)
    if not is_current(credential):
        return unknown
    if (resource := sent.get("resource")) is not None and not is_resource(resource, base):
        return OAuthError("invalid_target", "the token is for another resource")
    return credential


def _proves(verifier: str, challenge: str) -> bool:
    """PKCE with SHA-256 (RFC 7636, 4.6)."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return compare_digest(digest, challenge.encode())


def _issue(credential: Credential, scopes: list[str]) -> dict[str, Any]:
    """New tokens; what they were made from is used up."""
    now, grant = timezone.now(), credential.grant
    Credential.objects.filter(pk=credential.pk).update(used_at=now)
    grant.connected_at = grant.connected_at or now
    grant.expires_at = now + LIFETIMES[Kind.REFRESH]
    grant.save(update_fields=["connected_at", "expires_at"])
    return {
        "access_token": make(grant, Kind.ACCESS),
        "token_type": "Bearer",
        "expires_in": int(LIFETIMES[Kind.ACCESS].total_seconds()),
        "refresh_token": make(grant, Kind.REFRESH),
        "scope": " ".join(scopes),
    }


def shown_scopes(grant: Grant) -> list[Any]:
    """What the grant allows, in words."""
    return [words for scope, words in OFFERED.items() if scope in grant.scopes]
