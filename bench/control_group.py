"""A control group with limits (man cgroups(7)), of either version, for one program at a time."""

import os
from pathlib import Path

HIERARCHIES = Path("/sys/fs/cgroup")
PERIOD = 100_000  # microseconds


def _write(files):
    for path, text in files.items():
        path.write_text(str(text))


def make(name, memory_bytes, processors):
    """The files that a process writes itself into, or None where this user may not make groups."""
    second = (HIERARCHIES / "cgroup.controllers").exists()
    folders = [HIERARCHIES / name] if second else [HIERARCHIES / kind / name
                                                   for kind in ("memory", "cpu")]
    quota = int(processors * PERIOD)
    try:
        for folder in folders:
            folder.mkdir(exist_ok=True)
        if second:
            _write({folders[0] / "memory.max": memory_bytes,
                    folders[0] / "cpu.max": f"{quota} {PERIOD}"})
            return [folders[0] / "cgroup.procs"]
        _write({folders[0] / "memory.limit_in_bytes": memory_bytes,
                folders[1] / "cpu.cfs_period_us": PERIOD, folders[1] / "cpu.cfs_quota_us": quota})
        return [folder / "tasks" for folder in folders]
    except OSError:
        return None


def within(entrances, command):
    """The command, in the group."""
    enter = "".join(f"echo $$ > '{entrance}'; " for entrance in entrances)
    return ["sh", "-c", enter + 'exec "$@"', "sh", *command]


def remove(entrances):
    for entrance in entrances:
        os.rmdir(entrance.parent)
