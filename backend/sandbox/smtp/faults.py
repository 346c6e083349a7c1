"""What can go wrong in an SMTP dialogue, and at which stage. The stage is a fault's target, an address its pattern."""

from collections.abc import Mapping

STAGES = (
    "greeting",
    "ehlo",
    "starttls",
    "auth",
    "noop",
    "mail",
    "rcpt",
    "data",
    "content",
    "end",
    "accepted",
)
"""`data`: at the command. `content`: once the message begins. `end`: after its last dot, and the mail is not stored.
`accepted`: the mail is stored, only the answer is spoiled."""

KINDS = dict.fromkeys(STAGES, ("answer", "drop", "hang"))
DEFAULTS = {"stage": "", "kind": "answer", "code": 451, "text": "4.3.0 spoilt on request"}
NAMES = {"stage": "target", "code": "status", "text": "body", "address": "pattern"}


def as_fault(document: Mapping[str, object]) -> dict[str, object]:
    """`{stage, kind, code, text, count, address}` in the fields of the kit's Fault."""
    fields = {NAMES.get(name, name): value for name, value in {**DEFAULTS, **document}.items()}
    return fields | {"pattern": fields.get("pattern") or "*"}
