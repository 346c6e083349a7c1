"""The suite that every WhatsApp provider passes."""

import pytest

from plugfn.testing.whatsapp_contract import WhatsAppContract


class TestUazapi(WhatsAppContract):
    @pytest.fixture
    async def carrier(self, gateway):
        return gateway
