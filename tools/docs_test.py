"""The documents lead somewhere, and what README and getting-started.md say is what happens."""

import math
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"(?<!!)\[[^\]\[]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```+)(\w*)\n(.*?)^\1$", re.M | re.S)


def documents():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                            cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def headings(path):
    """The anchors that GitHub gives a document's headings."""
    text = FENCE.sub("", path.read_text())
    anchors = []
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = anchors.count(anchor)
        anchors.append(f"{anchor}-{count}" if count else anchor)
    return anchors


def broken_links(path, text):
    """What the relative links of a document miss."""
    found = []
    for match in LINK.finditer(re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))):
        link = match.group(1) or match.group(2)
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if not file.exists():
            found.append(f"{link}: there is no such file")
        elif anchor and file.suffix == ".md" and anchor not in headings(file):
            found.append(f"{link}: there is no such heading")
    return found


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path):
    assert broken_links(path, path.read_text()) == []


def test_a_broken_link_is_found():
    path = ROOT / "README.md"
    assert broken_links(path, "[here](no/such/file.md)") != []
    assert broken_links(path, "[here](docs/concepts.md#no-such-heading)") != []
    assert broken_links(path, "[here](docs/concepts.md) and `[no](link)`") == []


# -- getting started ------------------------------------------------------------------------------


class Guide:
    """Runs the fenced blocks of a page in one folder, as a reader would, one after the other."""

    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.environment = os.environ | {"NO_COLOR": "1", "COEVAL_SERVE_PORT": str(self.port)}
        self.server = None

    def shell(self, script):
        """What the script prints; a `cd` in it holds for the next ones."""
        script = script.replace("localhost:6566", f"127.0.0.1:{self.port}")
        done = subprocess.run(["bash", "-e", "-c", script + '\npwd > "$GUIDE_PWD"'], cwd=self.folder,
                              env=self.environment | {"GUIDE_PWD": str(self.pwd_file())},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
                              check=False)
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        self.folder = Path(self.pwd_file().read_text().strip())
        self.stop()
        return done.stdout

    def pwd_file(self):
        return Path(os.environ.get("TMPDIR", "/tmp")) / f"coeval_guide_{os.getpid()}"

    def serve(self):
        self.server = subprocess.Popen(["coeval", "serve"], cwd=self.folder, env=self.environment,
                                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                assert self.server.poll() is None and time.monotonic() < end, "it does not serve"

    def stop(self):
        if self.server is not None:
            self.server.terminate()
            assert self.server.wait(60) == 0
            self.server = None

    def python(self, code):
        done = subprocess.run([sys.executable, "-c", code], cwd=self.folder, env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
                              check=False)
        assert done.returncode == 0, f"{code}\n{done.stderr}"


def is_shown(shown, printed):
    """Is the text as shown, where `...` stands for anything?"""
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("..."))
    return re.fullmatch(pattern, "\n".join(line.rstrip() for line in printed.strip().split("\n")),
                        re.S) is not None


@pytest.mark.server
@pytest.mark.parametrize("page", ["README.md", "docs/getting-started.md"])
def test_what_a_page_says_is_what_happens(page, tmp_path):
    if shutil.which("coeval") is None:
        pytest.fail("the command `coeval` is not built")
    guide, printed = Guide(tmp_path), ""
    blocks = FENCE.findall((ROOT / page).read_text())
    assert {"sh", "python"} <= {language for _, language, _ in blocks}
    try:
        for _, language, block in blocks:
            if language == "sh" and block.strip() == "coeval serve":
                guide.serve()
            elif language == "sh":
                printed = guide.shell(block)
            elif language == "python":
                guide.python(block)
            elif language == "text":
                assert is_shown(block, printed), f"shown:\n{block}\nprinted:\n{printed}"
    finally:
        guide.stop()
        guide.pwd_file().unlink(missing_ok=True)


def test_what_is_shown_must_be_printed():
    assert is_shown("a\n...\nc", "a\nb\nc\n")
    assert not is_shown("a\n...\nd", "a\nb\nc\n")
    assert not is_shown("a", "a\nb")


# -- as-of joins and windows beside other libraries ---------------------------------------------

LIBRARIES = ("coeval", "pandas", "polars", "duckdb")


def columns_of(table):
    """The table as plain lists; what is missing is None, times are texts."""
    frame = table.to_pandas() if hasattr(table, "to_pandas") else table.df() if hasattr(table, "df") else table

    def plain(value):
        if value is None or (isinstance(value, float) and math.isnan(value)) or str(value) in ("NaT", "<NA>"):
            return None
        return str(value) if hasattr(value, "isoformat") else value

    return {str(name): [plain(value) for value in frame[name].tolist()] for name in frame.columns}


def agree(names):
    made = {library: columns_of(names[f"by_{library}"]) for library in LIBRARIES}
    for library in LIBRARIES[1:]:
        assert made[library] == made["coeval"], library
    return made["coeval"]


def shell(script, folder):
    done = subprocess.run(["bash", "-c", "set -e -o pipefail\n" + script], cwd=folder, text=True,
                          env=os.environ | {"NO_COLOR": "1"}, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_page_of_joins_is_what_happens(tmp_path, monkeypatch):
    page = ROOT / "docs" / "asof-and-windows.md"
    if shutil.which("coeval") is None:
        pytest.fail("the command `coeval` is not built")
    monkeypatch.chdir(tmp_path)
    names, printed, compared = {}, None, []
    for _, language, block in FENCE.findall(page.read_text()):
        if language == "sh":
            printed = shell(block, tmp_path)
        elif language == "text" and printed is not None:
            assert is_shown(block, printed), f"shown:\n{block}\nprinted:\n{printed}"
            printed = None
        elif language == "python":
            for library in LIBRARIES:
                names.pop(f"by_{library}", None)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(compile(block, str(page), "exec"), names)
            if "by_coeval" in names:
                compared.append(agree(names))
    assert [list(table) for table in compared] == [
        ["time", "product", "price"],
        ["time", "user", "spend", "large"],
    ]


def test_tables_that_differ_are_told_apart():
    pandas = pytest.importorskip("pandas")
    one = pandas.DataFrame({"a": [1.0, None]})
    other = pandas.DataFrame({"a": [1.0, 2.0]})
    assert agree({f"by_{library}": one for library in LIBRARIES}) == {"a": [1.0, None]}
    with pytest.raises(AssertionError):
        agree({f"by_{library}": one for library in LIBRARIES} | {"by_duckdb": other})
