"""Arguments that a definition does not take: named, with the object and the nearest one it takes."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any


class CheckedKeywords(type):
    """The type of classes whose mistaken arguments are told with the object that they are for.

        FeatureView(name="weather", tll="3h", ...)
        TypeError: FeatureView 'weather': there is no argument 'tll', did you mean "ttl"?
    """

    # Type checkers look at __init__ itself.
    if not TYPE_CHECKING:

        def __call__(cls, *positional: Any, **keywords: Any) -> Any:
            _check(cls, positional, keywords)
            return super().__call__(*positional, **keywords)

        @property
        def __signature__(cls) -> inspect.Signature:
            """What help() and notebooks show: the arguments of __init__."""
            return _signature(cls)


def _signature(cls: type) -> inspect.Signature:
    if cls.__init__ is object.__init__:  # type: ignore[misc]
        return inspect.Signature()
    of_init = inspect.signature(cls.__init__)  # type: ignore[misc]
    return inspect.Signature(list(of_init.parameters.values())[1:])


def _check(cls: type, positional: Sequence[Any], keywords: Mapping[str, Any]) -> None:
    signature = _signature(cls)
    try:
        signature.bind(*positional, **keywords)
    except TypeError as error:
        message = _unknown(list(signature.parameters), keywords) or str(error)
        raise TypeError(f"{_object(cls, signature, positional, keywords)}: {message}") from None


def _unknown(known: Sequence[str], keywords: Mapping[str, Any]) -> str:
    """What is wrong with the first keyword that is not known; "" where all are."""
    for keyword in keywords:
        if keyword not in known:
            nearest = difflib.get_close_matches(keyword, known, n=1)
            hint = f', did you mean "{nearest[0]}"?' if nearest else f"; there are {', '.join(known) or 'none'}"
            return f"there is no argument '{keyword}'{hint}"
    return ""


def _object(
    cls: type,
    signature: inspect.Signature,
    positional: Sequence[Any],
    keywords: Mapping[str, Any],
) -> str:
    """ "FeatureView 'weather'", as far as the arguments tell."""
    given = dict(zip(signature.parameters, positional, strict=False)) | dict(keywords)
    name = given.get("name")
    return f"{cls.__name__} {name!r}" if isinstance(name, str) and name else cls.__name__
