# SPDX-License-Identifier: BSD-2-Clause
"""Writes a C file in which the compiler checks, for every struct of the public headers that begins with `size` and so
may grow (docs/abi.md), that it ends with its last member.

usage: structs.py OUTPUT HEADER..."""
import pathlib
import re
import sys

output, *headers = sys.argv[1:]
lines = ["/* Written by structs.py. */", "#include <gan/gan.h>", '#include "core/options.h"']
for header in headers:
    code = re.sub(r"/\*.*?\*/", "", pathlib.Path(header).read_text(encoding="utf-8"), flags=re.S)
    structs = re.findall(r"^typedef struct (\w+) \{\s*(size_t size;.*?)^\} \1;", code, flags=re.M | re.S)
    if len(structs) != len(re.findall(r"\bsize_t size;", code)):
        sys.exit(f"{header}: a struct with a size is not of the form typedef struct NAME {{ size_t size; ... }} NAME;")
    for name, members in structs:
        last = re.findall(r"(\w+)\s*(?:\[[^;]*\])?;", members)[-1]
        lines.append(f"GAN_STRUCT_ENDS({name}, {last});")
pathlib.Path(output).write_text("\n".join(lines) + "\n", encoding="utf-8")
