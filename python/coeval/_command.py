"""The `coeval` command of the Python package: becomes the binary that lies in it.

The binary runs the definitions by the interpreter that it was installed for (COEVAL_PYTHON).
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Does not return where the binary is there."""
    binary = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "coeval")
    if sys.executable:
        os.environ.setdefault("COEVAL_PYTHON", sys.executable)
    try:
        os.execv(binary, ["coeval", *sys.argv[1:]])
    except OSError as error:
        print(f"coeval: {binary}: {error.strerror}; install coeval again", file=sys.stderr)
    return 4


if __name__ == "__main__":
    sys.exit(main())
