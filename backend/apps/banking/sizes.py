"""How large the columns are that aggregators fill: keyword arguments of their model fields."""

from typing import TypedDict


class Digits(TypedDict):
    """Of a DecimalField."""

    max_digits: int
    decimal_places: int


class Text(TypedDict):
    """Of a CharField that is empty rather than null."""

    max_length: int
    blank: bool
    default: str
    db_default: str


class Code(TypedDict):
    """Of a CharField that is never empty."""

    max_length: int
    default: str
    db_default: str


# Twenty digits before the point and eight after: currencies of 0 to 3 decimals, and coins down to a satoshi.
MONEY: Digits = {"max_digits": 28, "decimal_places": 8}
# Shares, fund quotas and their prices come with more decimals than money has.
QUANTITY: Digits = {"max_digits": 38, "decimal_places": 18}
RATE: Digits = {"max_digits": 28, "decimal_places": 12}
CURRENCY: Code = {"max_length": 3, "default": "XXX", "db_default": "XXX"}
WORD: Text = {"max_length": 60, "blank": True, "default": "", "db_default": ""}
LINE: Text = {"max_length": 500, "blank": True, "default": "", "db_default": ""}
