"""The rule engine: conditions on an event's fields, and templates filled with them. It has no side effects."""
