#!/usr/bin/env python3
"""Runs the tests and ends with one plain line: `N passed, N failed`.

  tools/run_tests.py test     a release build and every test that belongs to each change
  tools/run_tests.py check    the same with warnings as errors, then headers alone, sanitizers,
                              fuzzers, clang-tidy (what `.ci/run` asks for)
  tools/run_tests.py lint     clang-tidy over every file, however long it takes
  tools/run_tests.py prove    the long proofs; writes tests/proofs/DATE.md
  tools/run_tests.py bench    the benchmarks: bench/run
  --only NAME                 one suite by its name, for example --only scenarios

Suites, found by convention:
  tidy            tools/tidy.py
  c++             every test of every room (ctest labels fast and server); GoogleTest cases count
  python          pytest: python/tests, tests, tools, examples (see pyproject.toml)
  <name>          an executable tests/<name>/run, whose last line reads `N passed, N failed`;
                  tests/<name>/prove belongs to `prove`

A line `proof: ...` of a program is kept in the page of `prove`. A line `not proved: ...` says what this
machine could not test; it is shown beside the suite, and kept there too.

A suite that runs nothing counts as failed.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import clang_tidy  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
SPELLED = {".h", ".cc", ".py", ".md", ".txt", ".sh", ".cmake", ".yaml", ".toml", ".proto", ".ts"}
TSAN = {"TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:"
        f"suppressions={ROOT / 'tools/tsan_suppressions.txt'}"}
STRICT = ["-DCOEVAL_WERROR=ON"]
CHECK_DISK_GIB = 14
CLOSING_LINE = re.compile(r"^(\d+) passed, (\d+) failed", re.M)


@dataclass
class Outcome:
    """What a suite came to; `note` is shown beside it."""
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""
    proofs: list = field(default_factory=list)


class Runner:
    def __init__(self, only=None):
        self.only = only
        self.outcomes = []

    def wants(self, name):
        return self.only in (None, name)

    def suite(self, name, body, *arguments, **options):
        """Runs a suite unless another one was asked for."""
        if self.wants(name):
            self.step(name, body, *arguments, **options)

    def step(self, name, body, *arguments, **options):
        """Runs one thing, prints its verdict at once and remembers it."""
        print(f"\n== {name}", flush=True)
        start = time.monotonic()
        try:
            outcome = body(*arguments, **options)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            outcome = Outcome(failed=1, note=str(error))
        if outcome.passed + outcome.failed == 0:
            outcome = Outcome(failed=1, note="ran nothing")
        seconds = time.monotonic() - start
        self.outcomes.append((name, outcome, seconds))
        print(f"== {name}: {describe(outcome)} in {seconds:.0f} s", flush=True)
        return outcome

    def finish(self):
        print("\n" + "-" * 72)
        for name, outcome, seconds in self.outcomes:
            mark = "ok  " if outcome.failed == 0 else "FAIL"
            print(f"{mark}  {name:<28} {describe(outcome)}  ({seconds:.0f} s)")
        passed = sum(outcome.passed for _, outcome, _ in self.outcomes)
        failed = sum(outcome.failed for _, outcome, _ in self.outcomes)
        if not self.outcomes:
            failed = 1
            print("nothing ran" + (f": no suite is called {self.only}" if self.only else ""))
        print(f"{passed} passed, {failed} failed", flush=True)
        return 1 if failed else 0


def describe(outcome):
    text = f"{outcome.passed} passed, {outcome.failed} failed"
    if outcome.skipped:
        text += f", {outcome.skipped} skipped"
    return text + (f" ({outcome.note})" if outcome.note else "")


# -- building -------------------------------------------------------------------------------------


def build(preset, *targets, flags=()):
    """Configures and builds; a build that fails is one failed test with the compiler's words."""
    binary = ROOT / "build" / preset
    configured = configure(preset, flags)
    if configured.failed:
        return configured
    command = ["cmake", "--build", str(binary), "--parallel", str(os.cpu_count() or 2)]
    if targets:
        command += ["--target", *targets]
    if run(command) != 0:
        return Outcome(failed=1, note=f"{preset} does not build")
    return Outcome(passed=1)


def configure(preset, flags=()):
    if run(["cmake", "--preset", preset, *flags], quiet=True) != 0:
        return Outcome(failed=1, note=f"{preset} does not configure")
    return Outcome(passed=1)


def forget(preset):
    """Gives a build's disk back in continuous integration, whose clone nobody builds in again."""
    if os.environ.get("CI", "false") != "false":
        shutil.rmtree(ROOT / "build" / preset, ignore_errors=True)


def free_disk():
    """A full disk fails builds in ways that look like anything else: say it first."""
    free = shutil.disk_usage(ROOT).free
    note = f"{free / 2**30:.0f} GiB free, {CHECK_DISK_GIB} GiB needed"
    return Outcome(passed=1, note=note) if free >= CHECK_DISK_GIB * 2**30 else \
        Outcome(failed=1, note=note + ": `make clean`, or remove other files")


def run(command, quiet=False, **options):
    """Runs a command in the source folder; quiet ones speak only when they fail."""
    if not quiet:
        return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False,
                              **options).returncode
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        print(done.stdout[-20000:], flush=True)
    return done.returncode


def in_build(preset, *command):
    return [str(ROOT / "tools" / "in_build.sh"), preset, *command]


# -- suites ---------------------------------------------------------------------------------------


def tidy():
    code = run([sys.executable, "tools/tidy.py"])
    return Outcome(passed=1) if code == 0 else Outcome(failed=1, note="see the lines above")


def cpp_tests(preset, labels, extra_environment=None):
    """ctest over the labels; counts the GoogleTest cases inside each program."""
    results = ROOT / "build" / preset / "test-results"
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    environment = os.environ | {"GTEST_OUTPUT": f"json:{results}/", "GTEST_COLOR": "no"}
    environment |= extra_environment or {}
    junit = results / "ctest.xml"
    code = run(["ctest", "--test-dir", f"build/{preset}", "--label-regex", labels,
                "--label-exclude", "^tidy$", "--parallel", str(os.cpu_count() or 2),
                "--output-on-failure", "--no-tests=error", "--output-junit", str(junit)],
               env=environment)
    outcome = Outcome()
    programs_failed = 0
    for case in ElementTree.parse(junit).getroot().iter("testcase") if junit.exists() else []:
        programs_failed += case.get("status") not in ("run", "notrun", "disabled")
        programs_failed += case.get("status") == "notrun"
    failures_seen = 0
    for path in results.glob("*.json"):
        try:
            report = json.loads(path.read_text())
        except ValueError:
            continue  # a program that died while writing: ctest has counted it
        skipped = sum(case.get("result") == "SKIPPED" for suite in report["testsuites"]
                      for case in suite["testsuite"])
        failures = report["failures"] + report.get("errors", 0)
        outcome.failed += failures
        outcome.skipped += skipped + report["disabled"]
        outcome.passed += report["tests"] - failures - skipped - report["disabled"]
        failures_seen += failures > 0
        if report["tests"] == 0:
            print(f"{path.stem} holds no tests")
            outcome.failed += 1
    outcome.failed += max(0, programs_failed - failures_seen)  # died without a report
    if code != 0 and outcome.failed == 0:
        outcome.failed = 1
    log = ROOT / "build" / preset / "Testing" / "Temporary" / "LastTest.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    outcome.proofs = proofs_of(lines)
    not_proved = [line for line in lines if line.startswith("not proved: ")]
    for line in sorted(set(not_proved)):
        print(line, flush=True)
    outcome.note = "; ".join(sorted(set(not_proved)))
    outcome.proofs += sorted(set(not_proved))
    return outcome


def proofs_of(lines):
    """What a test says that it has proved, on lines of their own."""
    return [line.removeprefix("proof: ").strip() for line in lines if line.startswith("proof: ")]


def python_tests(marks):
    report = ROOT / "build" / "release" / "pytest.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    code = run(in_build("release", sys.executable, "-m", "pytest", "-q", "-m", marks,
                        f"--junitxml={report}"))
    outcome = Outcome()
    if report.exists():
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            total, failures, errors, skipped = (int(suite.get(name, "0")) for name in
                                                ("tests", "failures", "errors", "skipped"))
            outcome.failed += failures + errors
            outcome.skipped += skipped
            outcome.passed += total - failures - errors - skipped
    if code not in (0, 5) and outcome.failed == 0:
        outcome.failed = 1
    return outcome


def program(path):
    """An executable suite: its last `N passed, N failed` counts; a bad exit is a failure."""
    process = subprocess.Popen(in_build("release", str(path)), cwd=ROOT, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, errors="replace")
    text = []
    for line in process.stdout:
        print(line, end="", flush=True)
        text.append(line)
    code = process.wait()
    found = CLOSING_LINE.findall("".join(text))
    if not found:
        return Outcome(failed=1, note="did not end with `N passed, N failed`")
    passed, failed = map(int, found[-1])
    proofs = proofs_of(text)
    if code != 0 and failed == 0:
        return Outcome(passed, 1, note=f"exit {code}", proofs=proofs)
    return Outcome(passed, failed, proofs=proofs)


def programs(name):
    return sorted(path for path in ROOT.glob(f"tests/*/{name}") if os.access(path, os.X_OK))


# -- checks of .ci/run ----------------------------------------------------------------------------


def git_files(*patterns):
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True,
                            text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def clang_format():
    def formatted(name):
        return run(["clang-format-19", "--dry-run", "-Werror", name], quiet=True) == 0
    with ThreadPoolExecutor(os.cpu_count() or 2) as threads:
        outcomes = list(threads.map(formatted, git_files("*.h", "*.cc")))
    return Outcome(passed=outcomes.count(True), failed=outcomes.count(False))


def spelling():
    """codespell over what people wrote; tools/codespell_ignore.txt lists words that are right."""
    names = [name for name in git_files() if not name.startswith(("LICENSE", "tools/python/"))
             and Path(name).suffix in SPELLED]
    code = run(["codespell", "--ignore-words", "tools/codespell_ignore.txt", *names])
    return Outcome(passed=1) if code == 0 else Outcome(failed=1, note="see the lines above")


def lint(budget_seconds=float("inf")):
    """Every file that is not known to be clean, the latest commits first, until the time is up."""
    verdict = clang_tidy.run(budget_seconds)
    return Outcome(passed=len(verdict.remembered) + len(verdict.clean),
                   failed=len(verdict.findings), note=clang_tidy.describe(verdict))


# What anybody may send, or what lies on disks for years, gets more of the time.
FUZZ_SECONDS = {"aggregation_aggregation_fuzz": 60, "expression_expression_fuzz": 60}


def fuzz(seconds):
    """Each fuzzer for so many seconds, or its own, from its stored corpus."""
    binary = ROOT / "build" / "fuzz"
    names = (binary / "fuzzers.txt").read_text().split()
    outcome = Outcome(note=f"{seconds} s each, or more")
    for name in names:
        found = list(binary.glob(f"src/**/{name}")) + list(binary.glob(f"tests/**/{name}"))
        module, _, stem = name.partition("_")
        stored = next((ROOT / "src" / module).glob(f"**/{stem}_corpus"), None)
        fresh = binary / "corpus" / name
        fresh.mkdir(parents=True, exist_ok=True)
        command = [str(found[0]), f"-max_total_time={FUZZ_SECONDS.get(name, seconds)}", "-rss_limit_mb=2048",
                   "-timeout=10", f"-artifact_prefix={fresh}/", "-print_final_stats=0",
                   "-verbosity=0", str(fresh)]
        if stored:
            command.append(str(stored))
        print(f"fuzz: {name}", flush=True)
        if run(command, quiet=True) == 0:
            outcome.passed += 1
        else:
            outcome.failed += 1
    return outcome


# -- modes ----------------------------------------------------------------------------------------


def run_every_change(runner, flags=()):
    runner.suite("tidy", tidy)
    if runner.step("build release", build, "release", flags=flags).failed:
        return False
    runner.suite("c++", cpp_tests, "release", "^(fast|server)$")
    runner.suite("python", python_tests, "not prove")
    for path in programs("run"):
        runner.suite(path.parent.name, program, path)
    return True


def run_check(runner):
    if runner.step("disk", free_disk).failed:
        return
    runner.suite("clang-format", clang_format)
    runner.suite("spelling", spelling)
    if not run_every_change(runner, STRICT):
        return
    runner.suite("headers alone", build, "release", "all_verify_interface_header_sets")
    if runner.wants("asan"):
        if not runner.step("build asan", build, "asan", flags=STRICT).failed:
            runner.suite("asan", cpp_tests, "asan", "^fast$")
        forget("asan")
    if runner.wants("tsan"):
        if not runner.step("build tsan", build, "tsan", "thread_tests", flags=STRICT).failed:
            runner.suite("tsan", cpp_tests, "tsan", "^threads$", TSAN)
        forget("tsan")
    if runner.wants("fuzz"):
        if not runner.step("build fuzzers", build, "fuzz", "fuzzers", flags=STRICT).failed:
            runner.suite("fuzz", fuzz, 10)
        forget("fuzz")
    if runner.wants("clang-tidy"):
        run_lint(runner, 240)


def run_lint(runner, budget_seconds=float("inf")):
    if not runner.step("configure clang", configure, "clang", STRICT).failed:
        runner.suite("clang-tidy", lint, budget_seconds)


def run_prove(runner):
    if runner.step("build release", build, "release").failed:
        return
    os.environ["COEVAL_PROVE"] = "1"
    runner.suite("c++ slow", cpp_tests, "release", "^slow$")
    runner.suite("python slow", python_tests, "prove")
    for path in programs("prove"):
        runner.suite(path.parent.name, program, path)
    write_proof(runner)


def run_bench(runner):
    if runner.step("build benches", build, "release", flags=["-DCOEVAL_BENCHES=ON"]).failed:
        return
    runner.suite("bench", program, ROOT / "bench" / "run")


def write_proof(runner):
    """tests/proofs/DATE.md: what was proved, on which machine and commit; to be committed."""
    def output(*command):
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True,
                              check=False).stdout.strip()
    today = time.strftime("%Y-%m-%d", time.gmtime())
    commit = output("git", "rev-parse", "--short", "HEAD")
    dirty = " with local changes" if output("git", "status", "--porcelain", "-uno") else ""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    lines = [f"# Long proofs of {today}", "",
             f"`make prove` at commit {commit}{dirty}; {os.cpu_count()} cores, "
             f"{model.group(1) if model else 'unknown processor'}, Linux {os.uname().release}.", "",
             "| suite | passed | failed | seconds |", "|---|---:|---:|---:|"]
    lines += [f"| {name} | {outcome.passed} | {outcome.failed} | {seconds:.0f} |"
              for name, outcome, seconds in runner.outcomes]
    facts = [line for _, outcome, _ in runner.outcomes for line in outcome.proofs]
    lines += ["", *(f"- {fact}" for fact in facts)] if facts else []
    path = ROOT / "tests" / "proofs" / f"{today}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    print(f"\nwrote {path.relative_to(ROOT)}; commit it")


MODES = {"test": run_every_change, "check": run_check, "lint": run_lint, "prove": run_prove,
         "bench": run_bench}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--only", metavar="NAME", help="one suite by its name")
    arguments = parser.parse_args()
    runner = Runner(arguments.only)
    MODES[arguments.mode](runner)
    return runner.finish()


if __name__ == "__main__":
    sys.exit(main())
