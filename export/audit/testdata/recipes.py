"""Runs blocks of code from standard input, [kind, code] each, and prints what each of them printed as a JSON array."""

import contextlib
import io
import json
import sys

import duckdb


def run(kind: str, code: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        if kind == "sql":
            print(duckdb.sql(code), end="")
        else:
            exec(compile(code, "recipe", "exec"), {"__name__": "__main__"})
    text = out.getvalue()
    return text if text.endswith("\n") else text + "\n"


outputs = []
for number, (kind, code) in enumerate(json.load(sys.stdin)):
    try:
        outputs.append(run(kind, code))
    except Exception as error:
        sys.exit(f"recipe {number} ({kind}): {type(error).__name__}: {error}\n{code}")
json.dump(outputs, sys.stdout)
