"""The chats of an account, made of its messages: what the phone's page shows."""

from dataclasses import dataclass
from typing import Any

from .world import Instance, World

MOST_MESSAGES = 200


@dataclass(frozen=True)
class Chat:
    """A contact or a group, and the newest of its messages, oldest first. `key`: a contact's number, else `id`."""

    key: str
    id: str
    name: str
    messages: list[dict[str, Any]]

    @property
    def newest(self) -> int:
        """When its last message was written, in milliseconds; 0: never."""
        return int(self.messages[-1]["messageTimestamp"]) if self.messages else 0


def chats_of(world: World, line: Instance) -> list[Chat]:
    """Every contact, and every other chat with a message; the newest first."""
    messages: dict[str, list[dict[str, Any]]] = {number: [] for number in world.people}
    for message in line.messages:
        person = world.in_chat(message["chatid"])
        messages.setdefault(person.number if person else message["chatid"], []).append(message)
    chats = [_chat(world, key, found) for key, found in messages.items()]
    return sorted(chats, key=lambda chat: -chat.newest)


def _chat(world: World, key: str, messages: list[dict[str, Any]]) -> Chat:
    person = world.people.get(key)
    name = (person.name if person else "") or shown(key)
    return Chat(key, f"{key}@s.whatsapp.net" if person else key, name, messages[-MOST_MESSAGES:])


def shown(number: str) -> str:
    """A number as people in Brazil write it; anything else as it is."""
    if number.isdigit() and number.startswith("55") and len(number) in (12, 13):
        return f"+55 {number[2:4]} {number[4:-4]}-{number[-4:]}"
    return f"+{number}" if number.isdigit() else number
