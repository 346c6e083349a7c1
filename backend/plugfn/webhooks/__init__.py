"""Deliveries from vendors: proving where they come from, never handling one twice, handing them to handlers."""
