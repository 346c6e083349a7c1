"""Phone numbers and addresses as lists show them: enough to recognise one's own, too little to write to them."""

SHOWN = 4
_DOTS = "•••"


def masked(address: str) -> str:
    """`•••7777` of a number, `a•••@example.com` of an e-mail address; empty stays empty."""
    if not address:
        return ""
    name, at, domain = address.rpartition("@")
    if at and name:
        return f"{name[0]}{_DOTS}@{domain}"
    return f"{_DOTS}{address[-SHOWN:]}" if len(address) > 2 * SHOWN else _DOTS
