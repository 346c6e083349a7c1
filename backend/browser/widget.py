"""Does in Pluggy's window (the sandbox's) what a person does there."""

from playwright.sync_api import FrameLocator, Page


def window(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title=Pluggy]")


def sign_in(page: Page, bank: str = "Pluggy Bank", user: str = "user-ok", word: str = "password-ok") -> None:
    """On the page of connecting: open the window, choose the bank, and send the login."""
    page.get_by_role("button", name="Conectar um banco").click()
    frame = window(page)
    frame.get_by_label("Buscar instituição").fill(bank)
    frame.get_by_role("button", name=bank, exact=True).click()
    frame.get_by_label("Usuário").fill(user)
    frame.get_by_label("Senha").fill(word)
    frame.get_by_role("button", name="Continuar").click()
