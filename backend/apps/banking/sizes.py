"""How large the columns are that aggregators fill: keyword arguments of their model fields."""

# Twenty digits before the point and eight after: currencies of 0 to 3 decimals, and coins down to a satoshi.
MONEY = {"max_digits": 28, "decimal_places": 8}
# Shares, fund quotas and their prices come with more decimals than money has.
QUANTITY = {"max_digits": 38, "decimal_places": 18}
RATE = {"max_digits": 28, "decimal_places": 12}
CURRENCY = {"max_length": 3, "db_default": "XXX", "default": "XXX"}
WORD = {"max_length": 60, "blank": True, "default": "", "db_default": ""}
LINE = {"max_length": 500, "blank": True, "default": "", "db_default": ""}
