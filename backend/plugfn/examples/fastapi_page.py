"""The HTML of the page. It escapes all data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template

from plugfn import Connection, ConnectionStatus, Event, Next, PlugFnError
from plugfn.errors import InvalidParams
from plugfn.storage.records import ActionLog

SHELL = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))

NOTICES = {
    "conectado": "GitHub conectado.",
    "desconectado": "GitHub desconectado. O acesso também foi retirado no GitHub.",
    "removido": "GitHub desconectado aqui. Para retirar o acesso também no GitHub, abra Settings → Applications lá.",
    "issue": "Issue aberta.",
}
WHAT_NEXT = {
    Next.RETRY: "O GitHub não atendeu agora. Nada foi feito: tente de novo em alguns instantes.",
    Next.RECONNECT: "O GitHub não aceita mais esta conexão. Conecte de novo.",
    Next.FIX_CALL: "O GitHub não aceita este pedido. Confira os dados.",
    Next.GIVE_UP: "O GitHub recusou o pedido, e tentar de novo não vai ajudar.",
    Next.CHECK: "O pedido saiu, mas a resposta não chegou. Veja no GitHub se foi feito antes de repetir.",
}
SPECIAL = {
    "access_denied": "Você não autorizou o acesso no GitHub. Quando quiser, conecte de novo.",
    "invalid_state": "Este pedido de conexão já foi usado ou expirou. Comece de novo em Conectar GitHub.",
    "no_connection": "Esta conexão não existe mais. Conecte o GitHub de novo.",
    "http_404": "O GitHub não conhece este repositório, ou não o mostra para esta conta. Confira dono e nome.",
}
LABELS = {"owner": "Dono", "repo": "Repositório", "title": "Título", "body": "Descrição"}
OUTCOMES = {"ok": "deu certo", "retry": "não foi feito", "failed": "falhou", "unknown": "sem resposta"}


@dataclass(frozen=True)
class Problem:
    """An error as shown to the user; `fields` are the ones to correct."""

    text: str
    code: str
    fields: frozenset[str] = frozenset()

    @classmethod
    def of(cls, error: PlugFnError) -> "Problem":
        """The text for an error of PlugFn."""
        fields = frozenset(one.field for one in error.problems) if isinstance(error, InvalidParams) else frozenset()
        named = ", ".join(LABELS[name] for name in LABELS if name in fields)
        text = f"Confira: {named}." if named else SPECIAL.get(error.code, WHAT_NEXT[error.next])
        return cls(text, error.code, fields)


@dataclass(frozen=True)
class Board:
    """The content of a logged-in user's page."""

    user: str
    token: str
    connections: Sequence[Connection]
    webhook_url: str
    news: str
    once: str
    """The idempotency key of the form: if the form is sent twice, it opens one issue."""
    notice: str = ""
    problem: Problem | None = None
    issue_url: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)


def login_page(token: str, nonce: str, problem: str = "") -> str:
    """The page for a user who is not logged in."""
    body = f"""
    {_bad(problem)}
    <section aria-labelledby="entrar"><h2 id="entrar">Entrar</h2>
    <p class="soft">Este é um exemplo: basta um nome, sem senha.</p>
    <form method="post" action="/entrar">{_hidden(token)}
      <label>Seu nome <input name="nome" required maxlength="40" autocomplete="username" autofocus></label>
      <button>Entrar</button>
    </form></section>"""
    return SHELL.substitute(title="Entrar · Casa em ordem", nonce=nonce, who="", body=body)


def board_page(board: Board, nonce: str) -> str:
    """The page for a logged-in user."""
    who = f"""<form method="post" action="/sair" class="row">{_hidden(board.token)}
      <span class="soft">{escape(board.user)}</span><button class="quiet">Sair</button></form>"""
    usable = [one for one in board.connections if one.status is ConnectionStatus.ACTIVE]
    parts = [_told(board), _connections(board), _issue_form(board, usable) if usable else "", _news(board)]
    return SHELL.substitute(title="Casa em ordem", nonce=nonce, who=who, body="\n".join(parts))


def news(events: Iterable[Event], rows: Sequence[ActionLog]) -> str:
    """The part that updates automatically: events and calls."""
    return f"""<section aria-labelledby="eventos"><h2 id="eventos">Eventos recebidos</h2>
    {_events(list(events))}</section>
    <section aria-labelledby="chamadas"><h2 id="chamadas">Últimas chamadas</h2>{_rows(rows)}</section>"""


def _told(board: Board) -> str:
    if board.problem is not None:
        return _bad(board.problem.text, board.problem.code)
    if board.notice not in NOTICES:
        return ""
    link = f' <a href="{escape(board.issue_url)}">Abrir no GitHub</a>' if board.issue_url else ""
    return f'<p class="notice" role="status">{NOTICES[board.notice]}{link}</p>'


def _bad(text: str, code: str = "") -> str:
    shown = f' <span class="soft">({escape(code)})</span>' if code else ""
    return f'<p class="notice bad" role="alert">{escape(text)}{shown}</p>' if text else ""


def _connections(board: Board) -> str:
    if not board.connections:
        inside = f"""<p>Conecte o GitHub para abrir issues daqui e ver o que acontece nos seus repositórios.</p>
        {_connect(board.token, "Conectar GitHub")}"""
    else:
        inside = f"<ul>{''.join(_connection(board.token, one) for one in board.connections)}</ul>"
    return f'<section aria-labelledby="conta"><h2 id="conta">Conta do GitHub</h2>{inside}</section>'


def _connection(token: str, one: Connection) -> str:
    works = one.status is ConnectionStatus.ACTIVE
    state = (
        '<span class="badge">conectada</span>' if works else '<span class="badge bad">precisa conectar de novo</span>'
    )
    again = "" if works else _connect(token, "Conectar de novo", one.id)
    return f"""<li class="row"><span><strong>{escape(one.label or "GitHub")}</strong> {state}</span>
    <span class="row">{again}<form method="post" action="/github/desconectar">{_hidden(token)}
    <input type="hidden" name="conexao" value="{escape(one.id)}">
    <button class="quiet" aria-label="Desconectar {escape(one.label)}">Desconectar</button></form></span></li>"""


def _connect(token: str, text: str, connection_id: str = "") -> str:
    which = f'<input type="hidden" name="conexao" value="{escape(connection_id)}">' if connection_id else ""
    return f'<form method="post" action="/github/conectar">{_hidden(token)}{which}<button>{text}</button></form>'


def _issue_form(board: Board, usable: Sequence[Connection]) -> str:
    options = "".join(f'<option value="{escape(one.id)}">{escape(one.label)}</option>' for one in usable)
    account = f'<label>Conta <select name="conexao">{options}</select></label>'
    if len(usable) == 1:
        account = f'<input type="hidden" name="conexao" value="{escape(usable[0].id)}">'
    return f"""<section aria-labelledby="nova"><h2 id="nova">Abrir uma issue</h2>
    <form method="post" action="/issues">{_hidden(board.token)}
      <input type="hidden" name="uma_vez" value="{escape(board.once)}">{account}
      <div class="pair">{_field(board, "owner", usable[0].label)}{_field(board, "repo")}</div>
      {_field(board, "title")}
      <label>{LABELS["body"]} (opcional)
        <textarea name="body" rows="3">{escape(board.typed.get("body", ""))}</textarea></label>
      <button>Abrir issue</button>
    </form></section>"""


def _field(board: Board, name: str, default: str = "") -> str:
    wrong = board.problem is not None and name in board.problem.fields
    marked = ' aria-invalid="true"' if wrong else ""
    value = escape(board.typed.get(name, default))
    return f'<label>{LABELS[name]} <input name="{name}" value="{value}" required maxlength="256"{marked}></label>'


def _news(board: Board) -> str:
    return f"""<div id="novidades" aria-live="polite">{board.news}</div>
    <p class="soft">Para receber eventos, cadastre no repositório (Settings → Webhooks) o endereço
    <code>{escape(board.webhook_url)}</code>, tipo JSON, com o segredo do servidor. <a href="/">Atualizar</a></p>"""


def _events(events: Sequence[Event]) -> str:
    if not events:
        return '<p class="soft">Nada ainda. Quando algo acontecer em um repositório seu, aparece aqui.</p>'
    return f"<ul>{''.join(_event(event) for event in events)}</ul>"


def _event(event: Event) -> str:
    """One event. Undeclared events have other fields; missing ones are left out."""
    found = event.payload.get("issue") or event.payload.get("pull_request") or event.payload.get("head_commit") or {}
    what = str(found.get("title") or found.get("message") or "")
    where = str((event.payload.get("repository") or {}).get("full_name", ""))
    return f"<li><strong>{escape(event.name)}</strong> {escape(what)} <span class='soft'>{escape(where)}</span></li>"


def _rows(rows: Sequence[ActionLog]) -> str:
    if not rows:
        return '<p class="soft">Nenhuma chamada ainda.</p>'
    head = "<tr><th>Quando</th><th>Ação</th><th>Resultado</th><th class='number'>ms</th></tr>"
    table = f"<table>{head}{''.join(_row(row) for row in rows)}</table>"
    return f'<div class="scroll" role="region" aria-labelledby="chamadas" tabindex="0">{table}</div>'


def _row(row: ActionLog) -> str:
    bad = "" if row.outcome == "ok" else " bad"
    code = f" ({escape(row.code)})" if row.code else ""
    result = f'<span class="badge{bad}">{OUTCOMES.get(row.outcome, row.outcome)}</span>{code}'
    action = f"{escape(row.provider)}.{escape(row.action)}"
    cells = f"<td>{_time(row.started_at)}</td><td>{action}</td><td>{result}</td>"
    return f"<tr>{cells}<td class='number'>{row.milliseconds:.0f}</td></tr>"


def _time(when: datetime) -> str:
    return f'<time datetime="{when.isoformat()}">{when:%d/%m %H:%M:%S} UTC</time>'


def _hidden(token: str) -> str:
    return f'<input type="hidden" name="ficha" value="{escape(token)}">'
