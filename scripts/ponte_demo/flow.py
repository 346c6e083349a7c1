"""What a newcomer does in the demo: connect a bank, watch its data arrive, browse, repair the connection, export;
then send a message, answer in a conversation, and connect an account at GitHub.

The first step that fails is the last that is tried: most steps need what an earlier one did.
"""

import csv
from collections.abc import Awaitable, Callable

from ponte_demo.person import NotSeen, Person

WIDGET = "iframe[title=Pluggy]"
BANK = "Pluggy Bank Classic"
USER, RIGHT, WRONG = "user-ok", "password-ok", "wrong-password"
NOTE = "anotado na demonstração"
CONTACT, ANSWER = "+55 11 98888-7777", "Respondido na demonstração."


async def connect(person: Person) -> None:
    """Connect a bank."""
    await person.open("/connections/")
    await person.follow("Conectar um banco", "main a")
    await person.click("Conectar um banco", "button")
    await person.fill("Buscar instituição", BANK, WIDGET)
    await person.click(BANK, "li button", WIDGET)
    await sign_in(person, RIGHT)


async def watch(person: Person) -> None:
    """Watch its data arrive."""
    await person.sees("Seus dados chegaram.")
    await person.follow("Ver a conexão")
    person.bank = await person.path()


async def browse(person: Person) -> None:
    """Look at one of its accounts."""
    await person.follow("", "a.list__row")
    await person.sees("Últimas transações")


async def annotate(person: Person) -> None:
    """Write a note on a transaction."""
    await person.follow("", ".movement a")
    await person.fill("Nota", NOTE)
    await person.follow("Salvar")
    await person.sees("Salvo.")


async def look_at_bill(person: Person) -> None:
    """Look at a card's bill, and what proves it."""
    await person.open("/accounts/")
    await person.follow("disponível", "a.list__row")
    await person.follow("Faturas e parcelas")
    await person.follow("", "#list a")
    await person.sees("Lançamentos")


async def break_connection(person: Person) -> None:
    """Sign in again with a wrong password, so that the connection needs its person."""
    await person.open(person.bank)
    await person.follow("Conectar de novo", "section a")
    await person.click("Reconectar", "button")
    await sign_in(person, WRONG)
    await person.sees("Usuário ou senha incorretos", WIDGET)
    await person.click("Fechar", "main button", WIDGET)
    await person.sees("O banco não aceita mais esta conexão.")


async def repair(person: Person) -> None:
    """Sign in with the right one."""
    await person.follow("Conectar de novo", "#progress a")
    await person.click("Reconectar", "button")
    await sign_in(person, RIGHT)
    await person.sees("Seus dados chegaram.")


async def export(person: Person) -> None:
    """Download all transactions, and find the note in the file."""
    await person.open("/transactions/")
    await person.click("Baixar", "summary")
    file = await person.download("CSV com vírgula")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if not any(NOTE in row.values() for row in rows):
        raise NotSeen(f"the file has {len(rows)} transactions, and none with the note “{NOTE}”")


async def send_message(person: Person) -> None:
    """Test WhatsApp, and send a message by it."""
    await person.open("/integrations/")
    await person.follow("WhatsApp", ".accounts a")
    await person.click("Testar", "#state button")
    await person.sees("Funciona:")
    await person.fill("Número de telefone", CONTACT)
    await person.click("Enviar", "#try-out button")
    await person.finds("Enviada", "#send-state li[data-state=done]")


async def answer(person: Person) -> None:
    """Answer in a conversation."""
    await person.open("/conversations/")
    await person.follow("", "#list a")
    await person.fill("Resposta", ANSWER)
    await person.follow("Enviar", "form.answer button")
    await person.sees(ANSWER)


async def connect_github(person: Person) -> None:
    """Let Ponte use an account at GitHub."""
    await person.open("/integrations/")
    await person.follow("GitHub", ".service__foot a")
    await person.follow("Ir para GitHub")
    await person.follow("Autorizar")
    await person.sees("GitHub está conectado.")


async def sign_in(person: Person, password: str) -> None:
    """The login form of a bank, in Pluggy's window."""
    await person.fill("Usuário", USER, WIDGET)
    await person.fill("Senha", password, WIDGET)
    await person.click("Continuar", "button", WIDGET)


Step = Callable[[Person], Awaitable[None]]
STEPS: tuple[Step, ...] = (
    *(connect, watch, browse, annotate, look_at_bill, break_connection, repair, export),
    *(send_message, answer, connect_github),
)


async def go(person: Person) -> tuple[list[str], list[str]]:
    """The names of the steps that were taken, and what went wrong in the next one: a line, or none."""
    taken: list[str] = []
    for step in STEPS:
        name = step.__name__.replace("_", " ")
        try:
            await step(person)
        except (NotSeen, RuntimeError) as error:
            return taken, [f"{name}: {error}"]
        taken.append(name)
    return taken, []
