"""Reads the definitions of a repository: imports its Python files and gathers what they define.

Files are imported as `python FILE` in the repository's folder would: the folder is on sys.path, and
files may import one another. A file that fails leaves the others to be read, so that all mistakes
are reported at once.
"""

from __future__ import annotations

import fnmatch
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterable
from typing import Any

from coeval.definitions.definition import Definition
from coeval.definitions.document import to_document
from coeval.definitions.feature_view import FeatureViewProjection
from coeval.definitions.place import shown_path

IGNORE_FILES = (".coevalignore", ".feastignore")
_LEFT_OUT_FOLDERS = {"__pycache__", "node_modules", "notebooks", "tests", "site-packages"}
_LEFT_OUT_FILES = ("setup.py", "conftest.py", "test_*.py", "*_test.py")
_PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def read_repository(repository: str, files: Iterable[str] | None = None) -> dict[str, Any]:
    """The document of all objects at the top level of the files, alone or in lists and dicts.

    files: paths below `repository`; None: all *.py, without those that find_files leaves out.
    The result is that of to_document, or, where a file fails, {"errors": [...]} with, for each one,
    "file" ("definitions.py:12"), "object", "field", "message" and "traceback".
    """
    root = os.path.realpath(repository)
    if root not in sys.path:
        sys.path.insert(0, root)
    objects: list[Any] = []
    errors: list[dict[str, str]] = []
    for file in find_files(root) if files is None else files:
        try:
            module = _import_file(root, file)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a user's file may raise anything, SystemExit too
            errors.append(_describe(error, root, file))
            continue
        objects += _definitions_in(vars(module).values())
    if errors:
        return {"errors": errors}
    return to_document(objects, root)


def find_files(root: str) -> list[str]:
    """All *.py below `root`, sorted, without hidden folders, virtual environments, notebooks/,
    tests/, test files, setup.py, and what .coevalignore or .feastignore name (a glob a line)."""
    ignored = _ignore_patterns(root)
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        here = os.path.relpath(folder, root)
        folders[:] = sorted(name for name in folders if _is_source_folder(folder, name))
        for name in names:
            path = os.path.normpath(os.path.join(here, name)).replace(os.sep, "/")
            if not name.endswith(".py") or name.startswith("."):
                continue
            if any(fnmatch.fnmatch(name, pattern) for pattern in _LEFT_OUT_FILES):
                continue
            if not any(_is_ignored(path, pattern) for pattern in ignored):
                found.append(path)
    return sorted(found)


def _is_source_folder(parent: str, name: str) -> bool:
    if name.startswith(".") or name in _LEFT_OUT_FOLDERS:
        return False
    return not os.path.exists(os.path.join(parent, name, "pyvenv.cfg"))


def _ignore_patterns(root: str) -> list[str]:
    patterns: list[str] = []
    for name in IGNORE_FILES:
        try:
            with open(os.path.join(root, name), encoding="utf-8") as lines:
                texts = [line.split("#")[0].strip() for line in lines]
        except FileNotFoundError:
            continue
        patterns += [text.removeprefix("./").strip("/") for text in texts if text]
    return patterns


def _is_ignored(path: str, pattern: str) -> bool:
    """A glob matches a path, one of its folders, or any file or folder of that name."""
    parts = path.split("/")
    prefixes = ["/".join(parts[:i]) for i in range(1, len(parts) + 1)]
    if "/" not in pattern:
        return any(fnmatch.fnmatch(part, pattern) for part in parts)
    plain = pattern.removeprefix("**/")
    return any(fnmatch.fnmatch(prefix, p) for prefix in prefixes for p in (pattern, plain))


def _import_file(root: str, file: str) -> Any:
    """Imports a file under the name that other files of the repository would import it by."""
    path = os.path.realpath(os.path.join(root, file))
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is no file {file} in the repository")
    dotted = file[: -len(".py")].replace("/", ".").removesuffix(".__init__")
    if all(part.isidentifier() for part in dotted.split(".")):
        known = sys.modules.get(dotted)
        if known is not None and _is_file(getattr(known, "__file__", None), path):
            return known
        if known is None and dotted.split(".")[0] not in sys.stdlib_module_names:
            spec = importlib.util.find_spec(dotted)
            if spec is not None and _is_file(spec.origin, path):
                return importlib.import_module(dotted)
    return _import_by_path(f"_coeval_repository.{dotted}", path)


def _import_by_path(name: str, path: str) -> Any:
    """For files whose name is no module's, or is another module's."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_file(origin: str | None, path: str) -> bool:
    return origin is not None and os.path.realpath(origin) == path


def _definitions_in(values: Iterable[Any]) -> list[Any]:
    """Definitions among a module's values, and among the elements of its lists and dicts."""
    found: list[Any] = []
    for value in list(values):
        if isinstance(value, (Definition, FeatureViewProjection)):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += [item for item in value if isinstance(item, Definition)]
        elif isinstance(value, dict):
            found += [item for item in value.values() if isinstance(item, Definition)]
    return found


def _describe(error: BaseException, root: str, file: str) -> dict[str, str]:
    """An error of a user's file with the place that the user should look at."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen")
        and not os.path.realpath(frame.filename).startswith(_PACKAGE + os.sep)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{shown_path(error.filename, root)}:{error.lineno}"
        message = f"{type(error).__name__}: {error.msg}"
    else:
        below = [f for f in frames if os.path.realpath(f.filename).startswith(root + os.sep)]
        last = (below or frames)[-1:]
        place = f"{shown_path(last[0].filename, root)}:{last[0].lineno}" if last else file
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    lines = traceback.StackSummary.from_list(frames).format()
    lines += traceback.format_exception_only(type(error), error)
    return {
        "file": place,
        "object": "",
        "field": "",
        "message": message,
        "traceback": "".join(lines).rstrip(),
    }
