"""The sizes of the columns that aggregators fill, as keyword arguments of model fields."""

from typing import TypedDict


class Digits(TypedDict):
    """Arguments of a DecimalField."""

    max_digits: int
    decimal_places: int


class Text(TypedDict):
    """Arguments of a CharField that can be empty, but not null."""

    max_length: int
    blank: bool
    default: str
    db_default: str


class Code(TypedDict):
    """Arguments of a CharField that is never empty."""

    max_length: int
    default: str
    db_default: str


# Twenty digits before the point and eight after: enough for all currencies (0 to 3 decimals) and for a satoshi.
MONEY: Digits = {"max_digits": 28, "decimal_places": 8}
# Shares, fund quotas and their prices have more decimals than money.
QUANTITY: Digits = {"max_digits": 38, "decimal_places": 18}
RATE: Digits = {"max_digits": 28, "decimal_places": 12}
CURRENCY: Code = {"max_length": 3, "default": "XXX", "db_default": "XXX"}
WORD: Text = {"max_length": 60, "blank": True, "default": "", "db_default": ""}
LINE: Text = {"max_length": 500, "blank": True, "default": "", "db_default": ""}
