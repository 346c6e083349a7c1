"""What a card owes and why: bills, instalments, coming months, and movements that are no expense."""
