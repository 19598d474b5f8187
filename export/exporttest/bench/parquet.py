"""Writes rows to Parquet with pyarrow, and says how long it took: what the export is compared with.

usage: python parquet.py ROWS.jsonl LIKE.parquet OUT.parquet ROW_GROUP_ROWS

The rows are read before anything is measured. LIKE has the schema. Each line of standard input asks
for one run and is answered with its processor time in seconds and the size of OUT in bytes:

    pylist       Table.from_pylist of the rows (a list of dicts), then write_table
    script       json.loads of the lines of ROWS, then the same: what a conversion script does
    arrow        write_table of a table that is in memory
    arrow_split  the same, floats as BYTE_STREAM_SPLIT instead of a dictionary

All with zstd of level 1, page index and statistics, on one thread.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import pyarrow
import pyarrow.parquet


def leaves(kind: pyarrow.DataType, path: str) -> list[tuple[str, pyarrow.DataType]]:
    """Returns the dotted names of the Parquet columns of a type, and their types."""
    if pyarrow.types.is_list(kind):
        return leaves(kind.value_type, f"{path}.list.element")
    if pyarrow.types.is_struct(kind):
        return [leaf for field in kind for leaf in leaves(field.type, f"{path}.{field.name}")]
    return [(path, kind)]


def main(rows_path: str, like: str, out: str, row_group_rows: int) -> None:
    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    schema = pyarrow.parquet.read_schema(like).remove_metadata()

    def read() -> list[dict[str, Any]]:
        with open(rows_path, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    rows = read()
    ready = pyarrow.Table.from_pylist(rows, schema=schema)
    columns = [leaf for field in schema for leaf in leaves(field.type, field.name)]
    floats = [path for path, kind in columns if pyarrow.types.is_floating(kind)]
    others = [path for path, kind in columns if not pyarrow.types.is_floating(kind)]

    def write(table: pyarrow.Table, **options: Any) -> None:
        pyarrow.parquet.write_table(
            table, out, compression="zstd", compression_level=1, row_group_size=row_group_rows, write_page_index=True, **options
        )

    runs: dict[str, Callable[[], None]] = {
        "pylist": lambda: write(pyarrow.Table.from_pylist(rows, schema=schema)),
        "script": lambda: write(pyarrow.Table.from_pylist(read(), schema=schema)),
        "arrow": lambda: write(ready),
        "arrow_split": lambda: write(ready, use_dictionary=others, use_byte_stream_split=floats),
    }
    print("ready", pyarrow.__version__, flush=True)
    for line in sys.stdin:
        start = time.process_time()
        runs[line.strip()]()
        print(time.process_time() - start, os.path.getsize(out), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
