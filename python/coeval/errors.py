"""What can go wrong, as exceptions: one class for each reason, all of them CoevalErrors.

The text of an error says what was wrong, where (file, line, column, view, feature, row) and what to
do. Whose fault it is decides the class:

    try:
        store.get_online_features(features=["wether:temp"], entity_rows=[{"airport": "JFK"}])
    except coeval.NotFound as error:
        print(error)  # there is no feature view 'wether', did you mean "weather"?
"""

__all__ = [
    "AlreadyExists",
    "Cancelled",
    "CoevalError",
    "Corruption",
    "FailedPrecondition",
    "Internal",
    "InvalidArgument",
    "IoError",
    "NotFound",
    "TooOld",
    "Unavailable",
]


class CoevalError(Exception):
    """The base of all errors that Coeval raises."""

    idempotency_key: str | None = None
    """Of a push that failed and may have been taken all the same: pushed again with this key, it
    counts once."""


class InvalidArgument(CoevalError, ValueError):
    """The caller's mistake: wrong input, a wrong definition. Nothing was changed."""


class NotFound(CoevalError, LookupError):
    """A named thing is absent; the text names the nearest one that is there."""


class AlreadyExists(CoevalError):
    """A named thing is there already, or its name collides with another."""


class TooOld(CoevalError):
    """The question lies before the horizon of the online store, and no source can be asked
    instead."""


class FailedPrecondition(CoevalError):
    """The state forbids it: used by others, a newer format, not applied yet."""


class Corruption(CoevalError):
    """Bytes on disk are not what was written; file and offset are named."""


class IoError(CoevalError, OSError):
    """The system refused: disk full, permission, port in use."""


class Unavailable(CoevalError):
    """May pass later: locked by another process, shutting down, overloaded."""


class Cancelled(CoevalError):
    """The work was stopped on request, and left nothing half done."""


class Internal(CoevalError):
    """A bug of Coeval's own, found before it did harm. Please report it."""
