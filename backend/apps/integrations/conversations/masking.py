"""How a contact is shown to those who need not know who it is: enough to tell two apart."""

STARS = "•••"
# A longer text is shown by its end.
SHORT = 6
LONGEST = 40


def masked(address: str) -> str:
    """A recipient: a number, an e-mail address, or the vendor's own id of a channel, which says nothing of a person."""
    if "@" in address:
        return masked_email(address)
    return masked_phone(address) if address.startswith("+") else address[:LONGEST]


def masked_phone(phone: str) -> str:
    """The country's first digits and the last four: +55 ••• 7777."""
    return f"{phone[:3]} {STARS} {phone[-4:]}" if len(phone) > SHORT else STARS * bool(phone)


def masked_email(email: str) -> str:
    """The first letter and the domain: a•••@exemplo.com."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}{STARS}@{domain}" if local else STARS * bool(email)


def masked_name(name: str) -> str:
    """The first letter of each of the first two words: A••• E•••."""
    return " ".join(f"{word[0]}{STARS}" for word in name.split()[:2])
