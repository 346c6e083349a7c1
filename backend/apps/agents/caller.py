"""Who calls a tool: a person's token or a connected application, for one client."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.utils import timezone, translation

from apps.agents.models import Grant
from apps.api.scopes import Access, Scope
from apps.clients.models import Client, Membership
from apps.clients.preferences import known_language, profile_of, zone_of


@dataclass(frozen=True)
class Caller:
    """`name` is what the person called the token, or what the application calls itself. It always has a membership."""

    access: Access
    member: Membership
    name: str
    grant: Grant | None = None

    @property
    def client(self) -> Client:
        """The client whose rows the tools read."""
        return self.member.client

    def may(self, scope: Scope) -> bool:
        """Whether the access has the scope."""
        return scope in self.access.scopes

    def rows(self, model: type[Model]) -> Any:
        """The rows of `model` that this caller may see. Every tool begins here."""
        rows: Any = model._default_manager.all()
        return rows.visible_to(self.access.user).of(self.client)

    @contextmanager
    def preferences(self) -> Iterator[None]:
        """The person's language and time zone, for amounts, days and sentences."""
        profile = profile_of(self.access.user)
        language = profile.language if known_language(profile.language) else settings.LANGUAGE_CODE
        with translation.override(language), timezone.override(zone_of(profile)):
            yield
