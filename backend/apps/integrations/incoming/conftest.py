"""Each test of the door has integrations of its own, nothing cached and nothing counted."""

import pytest


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    from apps.integrations.incoming import door, proofs
    from lib.process_limit import ProcessLimit

    for known in list(proofs._proofs.values()):
        known.forget()
    monkeypatch.setattr(door, "_of_integrations", ProcessLimit())
    monkeypatch.setattr(door, "_of_addresses", ProcessLimit())


@pytest.fixture(scope="session")
def own_plug():
    from django.conf import settings

    from apps.integrations.store.orm import OrmStore
    from plugfn.plug import PlugFn
    from plugfn.providers import load
    from plugfn.sync import SyncPlugFn

    made = PlugFn(encryption_key=tuple(settings.ENCRYPTION_KEYS), database=OrmStore())
    made.providers.register(*(load(name) for name in ("whatsapp_uazapi", "email_sendgrid", "http")))
    plug = SyncPlugFn(made)
    yield plug
    plug.close()


@pytest.fixture
def connect(own_plug):
    """Connects an integration, usually of WhatsApp and of a new client."""
    from apps.clients.factories import ClientFactory
    from apps.integrations.incoming.factories import UAZAPI, Connected

    return lambda provider="whatsapp_uazapi", credentials=UAZAPI, client=None: Connected(
        own_plug, client or ClientFactory(), provider, credentials
    )
