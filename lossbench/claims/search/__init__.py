"""Searches for the settings under which a reported result comes out."""
