"""The rule engine: conditions on an event's fields, and templates filled with them. Pure: values in, values out."""
