"""The client's own category rules. They apply to rows that come later."""

from collections.abc import Iterable

from .model import Account
from .wire import Doc


def categorise(doc: Doc, account: Account, rules: Iterable[Doc]) -> Doc:
    """The row with the category of the first rule that matches. Unchanged if none does."""
    for rule in rules:
        if _fits(rule, doc, account):
            return {**doc, "categoryId": rule["categoryId"], "category": rule["category"]}
    return doc


def _fits(rule: Doc, doc: Doc, account: Account) -> bool:
    text, wanted = doc["description"].lower(), rule["description"].lower()
    matches = {
        "exact": text == wanted,
        "contains": wanted in text,
        "startsWith": text.startswith(wanted),
        "endsWith": text.endswith(wanted),
    }
    same_type = not rule["transactionType"] or rule["transactionType"] == doc["type"]
    same_account = not rule["accountType"] or rule["accountType"] in (account.doc["subtype"], account.doc["type"])
    return matches[rule["matchType"]] and same_type and same_account
