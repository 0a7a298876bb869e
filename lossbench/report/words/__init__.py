"""The words: how to read the tables, and what each remark says. Nothing is decided here."""
