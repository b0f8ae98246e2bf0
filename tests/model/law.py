"""Rules of docs/semantics.md that look as if they could be left out, each behind a switch.

True (the default) = the law. False = without it. `check.py --as-written NAME` runs the stories
with one switch off and shows what
breaks; the engine's oracle always uses the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Law:
    durable_now: bool = True  # 1: 1.4, the lease above every answered t survives a crash, as C does
    # 4: 5.3, a row without id and sequence is (its content, n-th copy), carried twice or not
    row_copies: bool = True
    answer_at_c: bool = True  # 7: 1.4, 7.4, t is never before the newest visible C
    drop_expired: bool = True  # 10: 3.6, with a ttl, nothing older than H - 2 ttl is kept
    timeless_no_ttl: bool = True  # 2 (1.3): a view with a timeless source has no ttl
    max_future_by_created: bool = (
        True  # 3 (3.5): max_future is measured from the created time, not from the clock of the run
    )
    closed_identity: bool = (
        True  # 5 (5.8): beyond L the newcomer is an event of its own (as written: it is too late)
    )
    # 6 (5.8, 7.7): rows older than the raw events rebuild tiles; they are never added to them
    rebuild_tiles: bool = True
    # 8 (7.7): watermark and first run by the clock and the horizon, not by `end`; lifetime
    # windows need all
    first_run: bool = True
    # 9 (1.4): a reader beside the owner asks no later than the time that the owner has closed
    closed_time: bool = True


LAW = Law()
