"""What a person or a program reads: tables, notes, files. Renderers only render."""
