"""What all REST APIs share: who calls, what they may do, the form of answers and errors, pages, limits, the schema."""
