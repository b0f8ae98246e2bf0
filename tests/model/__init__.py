"""Coeval's semantics, executable: the slow and plain reference model of docs/semantics.md (see
README.md)."""
