"""The mail catcher's HTML, and its texts."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape

from sandbox import keys
from sandbox.kit.page import Words
from sandbox.sendgrid.app import SendGrid

from .inbox import Inbox
from .read import Body, File, Head

EVENTS = ("delivered", "open", "bounce", "spamreport")
LONGEST_TEXT = 100_000
TEXTS = {
    "title": ("Correio do emulador", "The emulator's mail"),
    "none": ("Nada chegou ainda.", "Nothing has arrived yet."),
    "arrives": (
        "O que for enviado aparece aqui, e não sai desta máquina.",
        "What is sent appears here, and does not leave this machine.",
    ),
    "forget": ("Apagar tudo", "Delete all"),
    "back": ("Mensagens", "Mails"),
    "from": ("De", "From"),
    "to": ("Para", "To"),
    "by": ("Chegou", "Arrived"),
    "arrived": ("por {by}, {at}", "by {by}, {at}"),
    "text": ("Texto", "Text"),
    "html": ("HTML, sem scripts e sem imagens de fora", "HTML, without scripts and without pictures from elsewhere"),
    "files": ("Anexos", "Attachments"),
    "no subject": ("(sem assunto)", "(no subject)"),
    "connect": ("Como enviar para cá", "How to send to here"),
    "host": ("Servidor", "Server"),
    "plain": ("{host}, porta {port}, sem TLS", "{host}, port {port}, without TLS"),
    "login": ("Usuário e senha", "User and password"),
    "key": ("Chave da API", "API key"),
    "public": ("Chave pública dos eventos", "Public key of the events"),
    "events": ("Para onde o SendGrid avisa (webhook de eventos)", "Where SendGrid reports to (event webhook)"),
    "save": ("Salvar", "Save"),
    "last": ("Último aviso: {result}", "Last report: {result}"),
    "nowhere": (
        "Para avisar que a mensagem foi entregue ou aberta, o SendGrid precisa do endereço do webhook.",
        "To report that a mail was delivered or opened, SendGrid needs the webhook's address.",
    ),
    "delivered": ("entregue", "delivered"),
    "open": ("aberta", "opened"),
    "bounce": ("devolvida", "bounced"),
    "spamreport": ("marcada como spam", "marked as spam"),
    "gone": ("O emulador parou.", "The emulator has stopped."),
}


def whole(words: Words, heads: list[Head], right: str, chosen: str = "") -> str:
    """The body of the page: the list, and `right` beside it."""
    rows = "".join(_row(words, head, chosen) for head in heads)
    rows = rows or f'<li class="hint"><b>{words("none")}</b><br>{words("arrives")}</li>'
    clear = f'<form method="post" action="/forget"><button>{words("forget")}</button></form>' if heads else ""
    about = f'<a href="/connect">{words("connect")}</a>'
    return (
        f'<p class="gone" role="status">{words("gone")}</p><div class="panes{" chosen" if chosen else ""}">'
        f"<nav><header><h1>{words('title')}</h1><div id='clear' data-live>{clear}</div></header>"
        f'<ul id="mails" data-live class="rows">{rows}</ul>{about}</nav><main>{right}</main></div>'
    )


def _row(words: Words, head: Head, chosen: str) -> str:
    here = ' aria-current="page"' if head.key == chosen else ""
    title = f"<b>{escape(head.subject) or words('no subject')}</b><time>{_moment(head, '%H:%M:%S')}</time>"
    below = f"<small>{escape(', '.join(head.to))} · {head.by}</small>"
    return f'<li><a href="/mails/{head.key}"{here}><span>{title}{below}</span></a></li>'


def mail(words: Words, head: Head, body: Body, sendgrid: SendGrid | None) -> str:
    """One mail."""
    arrived = words("arrived", by=head.by, at=_moment(head, "%H:%M:%S"))
    lines = {"from": escape(head.sender), "to": escape(", ".join(head.to)), "by": arrived}
    about = "".join(f"<dt>{words(name)}</dt><dd>{value}</dd>" for name, value in lines.items())
    events = _events(words, head, sendgrid) if head.by == "SendGrid" and sendgrid else ""
    return (
        f'<article class="mail"><header><a href="/" class="back">‹ {words("back")}</a>'
        f"<h2>{escape(head.subject) or words('no subject')}</h2><dl>{about}</dl>{events}</header>"
        f"{''.join(_body(words, head, body))}</article>"
    )


def _body(words: Words, head: Head, body: Body) -> Iterable[str]:
    if body.files:
        yield f'<h3>{words("files")}</h3><ul class="files">{"".join(map(_file, body.files))}</ul>'
    if body.text:
        yield f"<h3>{words('text')}</h3><pre>{escape(body.text[:LONGEST_TEXT])}</pre>"
    if body.html:
        rights = "allow-popups allow-popups-to-escape-sandbox"
        yield f"<h3>{words('html')}</h3><iframe sandbox='{rights}' title='HTML' src='/mails/{head.key}/html'></iframe>"


def _file(file: File) -> str:
    return f"<li><b>{escape(file.name)}</b> <small>{escape(file.kind)}, {_size(file.size)}</small></li>"


def _size(size: int) -> str:
    return f"{size} B" if size < 1024 else f"{size / 1024:.0f} KiB" if size < 1024**2 else f"{size / 1024**2:.1f} MiB"


def _events(words: Words, head: Head, sendgrid: SendGrid) -> str:
    if not sendgrid.events_url:
        return f'<p class="acts">{words("nowhere")}</p>'
    buttons = "".join(f'<button name="event" value="{name}">{words(name)}</button>' for name in EVENTS)
    last = f"<p>{words('last', result=sendgrid.last_report)}</p>" if sendgrid.last_report else ""
    return f'<form method="post" action="/mails/{head.key}/events" class="acts">{buttons}</form>{last}'


def connect(words: Words, inbox: Inbox, ports: Mapping[str, int]) -> str:
    """What a person enters to send to here."""
    server = words("plain", host="127.0.0.1", port=ports["plain"])
    login = f"<code>{keys.SMTP_USERNAME}</code> <code>{keys.SMTP_PASSWORD}</code>"
    lines = f"<dt>{words('host')}</dt><dd>{server}</dd><dt>{words('login')}</dt><dd>{login}</dd>"
    other = _sendgrid(words, inbox.sendgrid) if inbox.sendgrid else ""
    title = f'<a href="/" class="back">‹ {words("back")}</a><h2>{words("connect")}</h2>'
    return f'<section class="about">{title}<h3>SMTP</h3><dl>{lines}</dl>{other}</section>'


def _sendgrid(words: Words, sendgrid: SendGrid) -> str:
    field = f"<input name='url' type='url' value='{escape(sendgrid.events_url)}' placeholder='http://127.0.0.1:8000/…'>"
    last = f"<p>{words('last', result=sendgrid.last_report)}</p>" if sendgrid.last_report else ""
    return (
        f"<h3>SendGrid</h3><dl><dt>{words('key')}</dt><dd><code>{keys.SENDGRID_API_KEY}</code></dd>"
        f"<dt>{words('public')}</dt><dd><code>{sendgrid.signer.public_key}</code></dd></dl>"
        f"<form method='post' action='/events'><label>{words('events')}{field}</label>"
        f"<button>{words('save')}</button></form>{last}"
    )


def _moment(head: Head, form: str) -> str:
    return datetime.fromtimestamp(head.at).strftime(form)
