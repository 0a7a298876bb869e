"""Renderers of results for people and programs: tables, notes, files. They decide nothing."""
