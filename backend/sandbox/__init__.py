"""Emulators of third parties. They import nothing of the product, and the product imports none of them."""
