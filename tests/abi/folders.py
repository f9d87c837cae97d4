# SPDX-License-Identifier: BSD-2-Clause
"""Folders of lib/ look only down: a file includes headers of its own folder and of those below it in ORDER. Where two
are on a line, neither looks at the other.

usage: folders.py LIB"""
import pathlib
import re
import sys

ORDER = """
core
kernel
context
tensor
image
layer
network
loss optimizer augment metric
session
zoo
data
io
"""

rank = {name: line for line, names in enumerate(ORDER.split("\n")) for name in names.split()}
lib = pathlib.Path(sys.argv[1])
files = includes = failures = 0


def failure(text):
    global failures
    failures += 1
    print(text)


for folder in sorted(path.name for path in lib.iterdir() if path.is_dir()):
    if folder not in rank:
        failure(f"{folder}/ has no place in the order of {pathlib.Path(__file__).name}")
        continue
    for file in sorted(lib.glob(f"{folder}/*.[ch]")):
        files += 1
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            found = re.match(r'\s*#\s*include\s*"(?:([^/"]+)/)?[^"]*"', line)
            other = found and (found[1] or folder)
            includes += bool(found)
            if found and other != folder and rank.get(other, 99) >= rank[folder]:
                failure(f"lib/{file.relative_to(lib)}:{number}: {folder} includes {other}, which is not below it")
if not files or not includes:
    failure(f"{lib} has no files that include others")
print(f"{files} files, {includes} includes, {failures} failures")
sys.exit(failures != 0)
