#!/usr/bin/env python3
"""Writes the tz database of the installed PyPI package `tzdata` as one C++ file.

    embed_tzdata.py OUTPUT.cc

The package is pinned in tools/python/requirements.txt, so every build embeds the same zones and the
program never reads the machine's (rule 6.4). Zones with equal bytes (links) are stored once.
"""

import hashlib
import struct
import sys
from importlib import resources
from pathlib import Path

import tzdata


def read_zones():
    root = resources.files("tzdata")
    names = sorted((root / "zones").read_text().split(), key=lambda name: name.encode())
    for name in names:
        data = root.joinpath("zoneinfo", *name.split("/")).read_bytes()
        if data[:4] != b"TZif":
            raise SystemExit(f"{name}: not a TZif file")
        yield name, data


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    blob, offsets, zones = bytearray(), {}, []
    for name, data in read_zones():
        if data not in offsets:
            offsets[data] = len(blob)
            blob += data
        zones.append((name, offsets[data], len(data)))
    digest = hashlib.sha256(blob).hexdigest()
    blob += bytes(-len(blob) % 8)
    words = struct.unpack(f"<{len(blob) // 8}Q", blob)

    lines = [
        f"// The tz database {tzdata.IANA_VERSION}, from tzdata {tzdata.__version__}.",
        f"// {len(zones)} zones, {len(blob)} bytes, SHA-256 {digest}.",
        "// Written by tools/embed_tzdata.py.",
        '#include "expression/zone_data.h"',
        "",
        "#include <bit>",
        "",
        "namespace coeval {",
        "",
        "namespace {",
        "",
        "static_assert(std::endian::native == std::endian::little);",
        "",
        "constexpr std::uint64_t kWords[] = {",
    ]
    for i in range(0, len(words), 6):
        lines.append("    " + ", ".join(f"0x{word:x}" for word in words[i : i + 6]) + ",")
    lines += ["};", "", "constexpr EmbeddedZone kZones[] = {"]
    lines += [f'    {{"{name}", {offset}, {size}}},' for name, offset, size in zones]
    lines += [
        "};",
        "",
        "}  // namespace",
        "",
        "std::span<const EmbeddedZone> EmbeddedZones() { return kZones; }",
        "const char* EmbeddedZoneBytes() { return reinterpret_cast<const char*>(kWords); }",
        f'std::string_view EmbeddedZoneVersion() {{ return "{tzdata.IANA_VERSION}"; }}',
        "",
        "}  // namespace coeval",
        "",
    ]
    Path(sys.argv[1]).write_text("\n".join(lines))


if __name__ == "__main__":
    main()
