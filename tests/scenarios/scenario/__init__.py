"""Reads stories and plays them against Coeval; ../README.md describes the language."""
