"""Imitate Pluggy's deliveries to test our own door: the body of an event, and the headers that prove it.

https://docs.pluggy.ai/docs/webhooks
"""

from django.core.exceptions import ImproperlyConfigured

from apps.banking.aggregators.contract import Deliveries, Sample
from apps.banking.aggregators.pluggy.webhooks.authenticity import Proofs, sign

# In these events Pluggy does not name the cause.
_WITHOUT_CAUSE = frozenset({"item/deleted", "connector/status_updated", "transactions/deleted"})


class PluggyDeliveries(Deliveries):
    """Webhooks like those that Pluggy sends to one application."""

    def __init__(self, proofs: Proofs) -> None:
        self._proofs = proofs

    def body(self, sample: Sample) -> dict[str, object]:
        """The JSON object of one event, without empty values. `id` is the id of the object that the event is about."""
        of_connector = sample.event.startswith("connector/")
        content = {
            "event": sample.event,
            "eventId": sample.event_id,
            "id": sample.institution_id if of_connector else sample.item_id,
            "itemId": "" if of_connector else sample.item_id,
            "connectorId": sample.institution_id,
            "accountId": sample.account_id,
            "transactionIds": list(sample.transaction_ids),
            "clientUserId": sample.member,
            "triggeredBy": "" if sample.event in _WITHOUT_CAUSE else "CLIENT",
        }
        return {name: value for name, value in content.items() if value}

    def headers(self, raw: bytes, *, secret: bool = True) -> dict[str, str]:
        """The newest secret (unless `secret` is False), and the HMAC if it is set. Raises ImproperlyConfigured."""
        proofs = self._proofs
        if not secret and not proofs.hmac_secrets:
            raise ImproperlyConfigured("PLUGGY_HMAC_SECRET is not set. Set it to the secret that signs webhooks.")
        headers = {"Content-Type": "application/json", **(proofs.secret_header if secret else {})}
        if proofs.hmac_secrets:
            signature = sign(raw, proofs.hmac_secrets[0], proofs.hmac_encoding)
            headers[proofs.hmac_header] = proofs.hmac_prefix + signature
        return headers
