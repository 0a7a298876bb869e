"""All wording: how to read the tables, and the text of each remark. Nothing is decided here."""
