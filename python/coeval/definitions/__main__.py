"""Prints what a repository's Python files define, as one JSON document; what `coeval apply` runs.

    python -m coeval.definitions REPOSITORY [FILE ...]

REPOSITORY  the repository's folder
FILE        files below it; without any, all *.py but hidden ones, tests, notebooks and what
            .coevalignore (or .feastignore) names

Standard output holds the document and nothing else; what definitions print goes to standard error.
The document has the lists "entities", "sources", "feature_views", "on_demand_feature_views" and
"feature_services"; where a file fails it is {"errors": [{"file": "definitions.py:12", "object": "",
"field": "", "message": "ZeroDivisionError: division by zero", "traceback": "..."}]} instead.
Exit: 0, 3 where a definition fails, 2 for wrong usage.
"""

from __future__ import annotations

import json
import os
import sys

from coeval.definitions.repository import read_repository


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        print(__doc__, file=sys.stdout if arguments in (["-h"], ["--help"]) else sys.stderr)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    repository, files = arguments[0], arguments[1:]
    if not os.path.isdir(repository):
        print(f"{repository}: there is no such folder", file=sys.stderr)
        return 2
    # The document has standard output for itself, also against C code and child processes.
    sys.stdout.flush()
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    document = read_repository(repository, files or None)
    with output:
        json.dump(document, output, ensure_ascii=False, allow_nan=False)
        output.write("\n")
    return 3 if "errors" in document else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
