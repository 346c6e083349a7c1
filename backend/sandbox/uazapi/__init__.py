"""An emulator of uazapiGO v2, the WhatsApp gateway: instances, sending, number checks, webhooks.

    python -m sandbox.uazapi --port 8085

It answers like the real service as far as we know it, including its oddities: it expands `{{lead_personalid}}` in any
text, puts the instance's token into every webhook, signs nothing, and calls a person by an `@lid` or a number.
Under /_sandbox (see `control.py`) tests create instances, people, incoming messages and receipts.
"""
