#!/usr/bin/env python3
"""Writes docs/python.md, the reference of the Python SDK, from its docstrings.

  tools/in_build.sh release python tools/python_reference.py           writes the page
  tools/in_build.sh release python tools/python_reference.py --check   exit 1 if it is not current

In a docstring, a paragraph of lines "name: what it is" is a list of parameters, lines that are set
in by four blanks are code, everything else is text.
"""

import inspect
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "python.md"

SECTIONS = [
    (
        "The store",
        [
            "FeatureStore", "Plan", "TrainingSet", "Explanation", "OnlineResponse", "Materialized", "Verified", "Damage", "OnlineDiff", "KeyDifference", "Pushed", "PushMode", "Quarantined",
        ],
    ),
    ("Joins without a repository", ["asof_join", "window"]),
    (
        "Definitions",
        [
            "Entity", "Field", "FileSource", "ParquetFormat", "CsvFormat", "ArrowFormat",
            "PushSource", "RequestSource", "FeatureView", "Aggregation", "OnDemandFeatureView", "FeatureService",
            "FeatureViewProjection",
        ],
    ),
]  # fmt: skip
HEAD = """# Python reference

Made from the docstrings by `tools/python_reference.py`; do not edit it here. What the words mean
is said in [semantics](semantics.md); how to begin, in [getting started](getting-started.md).

```python
import coeval
```
"""


def make_page():
    import coeval

    parts = [HEAD]
    for title, names in SECTIONS:
        parts.append(f"## {title}\n")
        parts += [describe(name, getattr(coeval, name)) for name in names]
    parts.append("## Types\n\n" + text_of(coeval.types.__doc__) + "\n" + types_table(coeval))
    parts.append("## Errors\n\n" + text_of(coeval.errors.__doc__) + "\n" + errors_table(coeval))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def describe(name, thing):
    """A class with its public members, or a function."""
    if not inspect.isclass(thing):
        return f"### {name}\n\n{signature(name, thing)}\n{text_of(thing.__doc__)}"
    parts = [f"### {name}\n", signature(name, thing), text_of(thing.__doc__)]
    for member, value in members_of(thing):
        if isinstance(value, property):
            parts.append(
                f"#### {name}.{member}\n\n{property_line(member, value)}{text_of(value.__doc__)}"
            )
        else:
            function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            parts.append(
                f"#### {name}.{member}\n\n{signature(member, function)}\n{text_of(function.__doc__)}"
            )
    return "\n".join(parts)


def members_of(thing):
    """Public members with docstrings, own ones in their order, then inherited ones."""
    seen = {}
    for owner in thing.__mro__:
        if not owner.__module__.startswith("coeval"):
            continue
        for member, value in vars(owner).items():
            function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            documented = isinstance(value, property) or inspect.isfunction(function)
            if member in ("from_dict",) or member.startswith("_") or member in seen:
                continue
            if documented and function.__doc__:
                seen[member] = value
    return seen.items()


def signature(name, function):
    """The call on as many lines as it needs; without `self`."""
    target = function.__init__ if inspect.isclass(function) else function
    if inspect.isclass(function) and "__init__" not in vars(function):
        return ""
    parameters = [
        p for p in inspect.signature(target).parameters.values() if p.name not in ("self", "cls")
    ]
    texts, starred = [], False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            texts.append("*")
            starred = True
        texts.append(parameter_text(parameter))
    result = inspect.signature(target).return_annotation
    arrow = (
        ""
        if inspect.isclass(function) or result is inspect.Signature.empty
        else f" -> {plain(result)}"
    )
    line = f"{name}({', '.join(texts)}){arrow}"
    if len(line) > 96:
        line = f"{name}(\n    " + ",\n    ".join(texts) + f",\n){arrow}"
    return f"```python\n{line}\n```\n"


def parameter_text(parameter):
    text = parameter.name
    if parameter.annotation is not parameter.empty:
        text += f": {plain(parameter.annotation)}"
    if parameter.default is not parameter.empty:
        text += f" = {parameter.default!r}"
    return text


def plain(annotation):
    """An annotation as it was written."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return text.replace("_Frame", "Frame").replace("convert.", "")


def property_line(name, value):
    result = inspect.signature(value.fget).return_annotation
    return f"`{name}: {plain(result)}`\n\n" if result is not inspect.Signature.empty else ""


def text_of(docstring):
    """A docstring as Markdown."""
    blocks = re.split(r"\n\s*\n", inspect.cleandoc(docstring or ""))
    return "\n\n".join(block_of(block) for block in blocks) + "\n"


def block_of(block):
    lines = block.split("\n")
    if all(line.startswith("    ") for line in lines):
        return "```python\n" + "\n".join(line[4:] for line in lines) + "\n```"
    if all(re.match(r"(\w+(, \w+)*: |    )", line) for line in lines) and not block.startswith(
        "Errors:"
    ):
        items = re.split(r"\n(?=\S)", block)
        return "\n".join(item_of(item) for item in items)
    return " ".join(line.strip() for line in lines)


def item_of(item):
    names, _, text = " ".join(line.strip() for line in item.split("\n")).partition(": ")
    shown = ", ".join(f"`{name}`" for name in names.split(", "))
    return f"- {shown}: {text}"


def types_table(coeval):
    rows = ["| Python | in YAML and errors |", "|---|---|"]
    for name in (
        "Bool",
        "Int32",
        "Int64",
        "Float32",
        "Float64",
        "String",
        "Bytes",
        "Timestamp",
        "Date",
    ):
        rows.append(f"| `{name}` | `{getattr(coeval.types, name).text}` |")
    for example in ("Decimal(12, 2)", "Array(Int64)", "Vector(Float32, 8)", "Map(String, Int64)"):
        rows.append(f"| `{example}` | `{eval(example, vars(coeval.types)).text}` |")  # noqa: S307
    return "\n".join(rows) + "\n"


def errors_table(coeval):
    rows = ["| class | when | also a |", "|---|---|---|"]
    for name in coeval.errors.__all__:
        kind = getattr(coeval.errors, name)
        bases = [base.__name__ for base in kind.__bases__ if base.__module__ == "builtins"]
        what = " ".join(inspect.cleandoc(kind.__doc__).split())
        rows.append(
            f"| `{name}` | {what} | {', '.join(f'`{b}`' for b in bases) or '`CoevalError`'} |"
        )
    return "\n".join(rows) + "\n"


def main():
    page = make_page()
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text() != page:
            print("docs/python.md is not current; run tools/python_reference.py", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
