"""The forms of an HTML page, as a browser sends them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Button:
    """`name` and `value` are sent if it is pressed."""

    text: str = ""
    name: str = ""
    value: str = ""


@dataclass
class Form:
    """`fields`: what is sent unless a person types something else. Of a select it is the first option."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)

    def pressed(self, text: str) -> Button | None:
        """The button with this text."""
        return next((button for button in self.buttons if text in button.text), None)


class Forms(HTMLParser):
    """`found`: the forms, in the page's order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._select = ""
        self._is_in_button = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what will be sent."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(values.get("action", "")))
        elif not self.found:
            return
        elif tag in ("input", "textarea"):
            self._add_field(values)
        elif tag == "select":
            self._select = values.get("name", "")
        elif tag == "option":
            self.found[-1].fields.setdefault(self._select, values.get("value", ""))
        elif tag == "button":
            self._is_in_button = True
            self.found[-1].buttons.append(Button("", values.get("name", ""), values.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        """A button's text ends."""
        if tag == "button":
            self._is_in_button = False

    def handle_data(self, data: str) -> None:
        """A button's text."""
        if self._is_in_button and self.found:
            self.found[-1].buttons[-1].text += data

    def _add_field(self, values: dict[str, str]) -> None:
        if values.get("name"):
            self.found[-1].fields[values["name"]] = values.get("value", "")
