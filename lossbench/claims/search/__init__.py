"""Searches for the settings that give a reported result."""
