# SPDX-License-Identifier: BSD-2-Clause
"""Compares two lists, the functions that the headers declare with GAN_API and what the shared library exports: each is
the other, name by name. Then the version and the ABI's number of headers, export map, symbols and build.

usage: exports.py VERSION ABI NM LIBRARY MAP HEADER..."""
import re
import subprocess
import sys

version, abi, nm, library, export_map, *headers = sys.argv[1:]


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


declared = set()
for header in headers:
    code = re.sub(r"/\*.*?\*/", "", text(header), flags=re.S)
    declared |= set(re.findall(r"GAN_API[^;{]*?\b(gan_\w+)\s*\(", code))

symbols = subprocess.run([nm, "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
# "0000000000012340 T gan_version@@GAN_0": anything that another program could link, not functions alone. The node of the
# export map itself is an absolute symbol.
found = [line.split()[-1].partition("@") for line in symbols.splitlines() if line.split()[-2] != "A"]
exported = {name for name, _, _ in found}
versions = sorted({version.strip("@") for _, _, version in found if version})

failures = 0
for name, names, other, others in (
    ("headers", declared, "library", exported),
    ("library", exported, "headers", declared),
):
    for symbol in sorted(names - others):
        print(f"{symbol} is in the {name} and not in the {other}")
        failures += 1
passed = len(declared & exported)

defined = {}
for header in headers:
    defined.update(re.findall(r"^#define GAN_VERSION_(\w+)\s+(\d+)", text(header), flags=re.M))
nodes = re.findall(r"^(\w+) \{", text(export_map), flags=re.M)
for what, found, expected in (
    ("version", ".".join(defined.get(part, "?") for part in ("MAJOR", "MINOR", "PATCH")), version),
    ("ABI", defined.get("ABI"), abi),
    ("export map's nodes", nodes, [f"GAN_{abi}"]),
    ("symbols' versions", versions, [f"GAN_{abi}"]),
):
    if found == expected:
        passed += 1
    else:
        print(f"the {what}: {found} in the sources, {expected} by meson.build")
        failures += 1
print(f"{100 if not failures else 0}%: Checks: {passed}, Failures: {failures}, Errors: 0")
sys.exit(1 if failures or not passed else 0)
