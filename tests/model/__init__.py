"""Coeval's semantics, executable: the slow and plain reference model of docs/semantics.md (see
README.md)."""

import zoneinfo

# 6.4: the zones are those that the engine embeds, of the pinned package tzdata, not the machine's.
zoneinfo.reset_tzpath(())
