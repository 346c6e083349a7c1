"""The page on which a person lets an app use their account, at the emulators of vendors with OAuth."""

from collections.abc import Iterable, Mapping
from html import escape

from aiohttp import web

from .page import Words, page

TEXTS = {
    "title": ("Autorizar no {site}", "Authorize at {site}"),
    "asks": ("O aplicativo ponte pede acesso ao {what}:", "The app ponte asks for access to {what}:"),
    "nothing": ("nada além do seu nome", "nothing but your name"),
    "account": ("Conta", "Account"),
    "yes": ("Autorizar", "Authorize"),
    "no": ("Cancelar", "Cancel"),
    "emulator": (
        "Isto é um emulador: nada sai desta máquina, e não há senha.",
        "This is an emulator: nothing leaves this machine, and there is no password.",
    ),
}


def consent_page(
    request: web.Request,
    *,
    site: str,
    what: str,
    scopes: Iterable[str],
    hidden: Mapping[str, str],
    accounts: tuple[str, Iterable[tuple[str, str]]],
    answer: str,
) -> web.Response:
    """A form to the page's own address: the `hidden` fields, the account, and `answer`, which is 1 or 0.

    `accounts`: the field's name, and each account's value and name."""
    words = Words(TEXTS, request)
    fields = "".join(f'<input type="hidden" name="{n}" value="{escape(v)}">' for n, v in hidden.items())
    name, choices = accounts
    options = "".join(f'<option value="{escape(value)}">{escape(shown)}</option>' for value, shown in choices)
    asked = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in scopes) or f"<li>{words('nothing')}</li>"
    buttons = (
        f'<button class="main" name="{answer}" value="1">{words("yes")}</button>'
        f'<button name="{answer}" value="0">{words("no")}</button>'
    )
    inner = (
        f'<main class="alone"><h1>{words("title", site=site)}</h1><p>{words("asks", what=what)}</p><ul>{asked}</ul>'
        f'<form method="post" action="{escape(request.path)}">{fields}<label>{words("account")}'
        f'<select name="{name}">{options}</select></label><div class="acts">{buttons}</div></form>'
        f"<p><small>{words('emulator')}</small></p></main>"
    )
    return page(words, words("title", site=site), inner, live=False)
