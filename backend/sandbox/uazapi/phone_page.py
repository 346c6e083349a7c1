"""The phone's HTML, and its texts."""

from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Any

from sandbox.kit.page import Words

from .chats import Chat, shown
from .world import Instance

TEXTS = {
    "title": ("WhatsApp do emulador", "The emulator's WhatsApp"),
    "chats": ("Conversas de {name}", "Chats of {name}"),
    "choose": ("Escolha um contato para escrever no lugar dele.", "Choose a contact to write as them."),
    "nothing": ("Nenhuma mensagem ainda.", "No messages yet."),
    "write": ("Escreva como {name}", "Write as {name}"),
    "send": ("Enviar", "Send"),
    "read": ("{name} lê tudo", "{name} reads everything"),
    "back": ("Conversas", "Chats"),
    "contact": ("Outro contato", "Another contact"),
    "name": ("Nome", "Name"),
    "number": ("Número, com país e DDD", "Number, with country and area code"),
    "add": ("Adicionar", "Add"),
    "line": ("Aparelho e webhooks", "Phone and webhooks"),
    "connected": ("conectado", "connected"),
    "connecting": ("conectando", "connecting"),
    "disconnected": ("desconectado", "disconnected"),
    "unlink": ("Desconectar o aparelho", "Unlink the phone"),
    "link": ("Conectar o aparelho", "Link the phone"),
    "no webhook": ("Nenhum webhook: ninguém fica sabendo das mensagens.", "No webhook: nobody hears of messages."),
    "failed": (
        "{count} entregas não foram aceitas; a última: {why}",
        "{count} deliveries were not accepted; the last: {why}",
    ),
    "wrong": (
        "Isto não é um número: são de 8 a 15 dígitos, como 5511988887777.",
        "This is no number: it has 8 to 15 digits, as 5511988887777.",
    ),
    "gone": ("O emulador parou.", "The emulator has stopped."),
    "Queued": ("na fila", "queued"),
    "Sent": ("enviada", "sent"),
    "Delivered": ("entregue", "delivered"),
    "Read": ("lida", "read"),
    "Failed": ("não foi entregue", "failed"),
    "file": ("[arquivo: {kind}]", "[file: {kind}]"),
}
ONE_TICK = '<svg viewBox="0 0 12 12"><path d="m2 6.5 3 3L10.5 3"/></svg>'
TWO_TICKS = '<svg viewBox="0 0 17 12" class="two"><path d="m1 6.5 3 3L9.5 3M7 9.5 8 10l6-7"/></svg>'
CLOCK = '<svg viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.5"/><path d="M6 3.5V6l1.8 1.2"/></svg>'
ALARM = '<svg viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.5"/><path d="M6 3.5v3M6 8.5v.1"/></svg>'
TICKS = {"Queued": CLOCK, "Sent": ONE_TICK, "Delivered": TWO_TICKS, "Read": TWO_TICKS, "Failed": ALARM}


def whole(words: Words, line: Instance, chats: list[Chat], chosen: Chat | None) -> str:
    """The body of the page."""
    right = _chat(words, chosen) if chosen else f'<p class="hint">{words("choose")}</p>'
    return (
        f'<p class="gone" role="status">{words("gone")}</p>'
        f'<div class="panes{" chosen" if chosen else ""}"><nav>{_head(words, line)}'
        f'<ul id="chats" data-live class="rows">{"".join(_row(words, chat, chosen) for chat in chats)}</ul>'
        f"{_contact(words)}{_line(words, line)}</nav><main>{right}</main></div>"
    )


def wrong_number(words: Words) -> str:
    """The body of the page for a number that is none."""
    return f'<main class="alone"><p role="alert">{words("wrong")}</p><p><a href="/">{words("back")}</a></p></main>'


def _head(words: Words, line: Instance) -> str:
    state = f'<span class="pill {line.state}">{words(line.state)}</span>'
    about = f'<p id="state" data-live>{escape(shown(line.owner))} {state}</p>'
    return f"<header><h1>{words('chats', name=line.name)}</h1>{about}</header>"


def _row(words: Words, chat: Chat, chosen: Chat | None) -> str:
    last = chat.messages[-1] if chat.messages else None
    text = f"{_ticks(words, last)}{escape(_text(words, last))}" if last else escape(shown(chat.key))
    here = ' aria-current="page"' if chosen and chosen.key == chat.key else ""
    time = f"<time>{_clock(last)}</time>" if last else ""
    return (
        f'<li><a href="/chats/{escape(chat.key)}"{here}><span class="face f{len(chat.key + chat.name) % 6}">'
        f"{escape(chat.name[:1])}</span><span><b>{escape(chat.name)}</b>{time}<small>{text}</small></span></a></li>"
    )


def _chat(words: Words, chat: Chat) -> str:
    bubbles = "".join(_bubble(words, one) for one in chat.messages) or f'<li class="hint">{words("nothing")}</li>'
    action = f"/chats/{escape(chat.key)}"
    return (
        f'<header><a href="/" class="back">‹ {words("back")}</a><div><h2>{escape(chat.name)}</h2>'
        f"<p>{escape(shown(chat.key))}</p></div>"
        f'<form method="post" action="{action}/read"><button>{words("read", name=chat.name)}</button></form></header>'
        f'<div class="scroll" tabindex="0"><ol id="messages" data-live class="bubbles">{bubbles}</ol></div>'
        f'<form method="post" action="{action}" class="write"><input name="text" required maxlength="4096" '
        f'autocomplete="off" autofocus aria-label="{words("write", name=chat.name)}" '
        f'placeholder="{words("write", name=chat.name)}"><button class="main">{words("send")}</button></form>'
    )


def _bubble(words: Words, message: dict[str, Any]) -> str:
    kind = "ours" if message["fromMe"] else "theirs"
    text = (
        f"<p>{escape(_text(words, message))}</p><small><time>{_clock(message)}</time> {_ticks(words, message)}</small>"
    )
    return f'<li class="{kind}">{text}</li>'


def _ticks(words: Words, message: dict[str, Any]) -> str:
    """How far a message of ours has got."""
    state = str(message["status"])
    if not message["fromMe"] or state not in TICKS:
        return ""
    return f'<span class="ticks {state.lower()}" role="img" aria-label="{words(state)}">{TICKS[state]}</span>'


def _text(words: Words, message: dict[str, Any]) -> str:
    kind = f"{words('file', kind=message['mediaType'])} " if message["mediaType"] else ""
    return kind + str(message["text"])


def _clock(message: dict[str, Any]) -> str:
    return datetime.fromtimestamp(message["messageTimestamp"] / 1000).strftime("%H:%M")


def _contact(words: Words) -> str:
    return (
        f"<details><summary>{words('contact')}</summary><form method='post' action='/contacts'>"
        f"<label>{words('name')}<input name='name' required maxlength='80' autocomplete='off'></label>"
        f"<label>{words('number')}<input name='number' required inputmode='tel' maxlength='20' autocomplete='off' "
        f"placeholder='5511977776666'></label><button>{words('add')}</button></form></details>"
    )


def _line(words: Words, line: Instance) -> str:
    on = line.state == "connected"
    button = f'<button name="connected" value="{"no" if on else "yes"}">{words("unlink" if on else "link")}</button>'
    return (
        f'<details><summary>{words("line")}</summary><div id="line" data-live>{"".join(_webhooks(words, line))}'
        f'<form method="post" action="/line">{button}</form></div></details>'
    )


def _webhooks(words: Words, line: Instance) -> Iterable[str]:
    if not line.webhooks:
        yield f"<p>{words('no webhook')}</p>"
    for webhook in line.webhooks:
        yield f"<p><code>{escape(webhook.url)}</code><br><small>{escape(', '.join(webhook.events))}</small></p>"
    if line.errors:
        yield f'<p class="bad">{words("failed", count=len(line.errors), why=line.errors[-1]["error"])}</p>'
