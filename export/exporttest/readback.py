"""Reads an export with pyarrow, duckdb, polars and datasets, and compares every value.

usage: python readback.py EXPORT DUMP

EXPORT is the folder of an export. DUMP is a folder with a file TABLE.jsonl for each table: the rows
as they must be read, in the order of the splits, as JSON lines (bytes in base64, times as RFC 3339). Values are equal only if
their types are: 0, "", false, NULL and an empty list are five different things. Needs no network.
"""

import base64
import datetime
import glob
import json
import math
import os
import struct
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="readback-")

import datasets
import duckdb
import polars
import pyarrow
import pyarrow.ipc
import pyarrow.parquet

FLOAT32 = {"advantage", "advantages", "completion_logprobs", "logprobs", "loss_weight"}


class Different(Exception):
    pass


def single(number):
    return struct.unpack("f", struct.pack("f", number))[0]


def compare(want, got, path, name=""):
    """Raises Different unless got is the value that the JSON value want stands for."""
    if want is None or got is None:
        if want is not got:
            raise Different(f"{path}: {got!r}, want {want!r}")
    elif isinstance(got, bytes):
        if base64.b64decode(want) != got:
            raise Different(f"{path}: {got!r}, want {want!r}")
    elif isinstance(got, datetime.datetime):
        if datetime.datetime.fromisoformat(want) != (got if got.tzinfo else got.replace(tzinfo=datetime.timezone.utc)):
            raise Different(f"{path}: {got!r}, want {want!r}")
    elif isinstance(got, dict):
        if not isinstance(want, dict) or list(want) != list(got):
            raise Different(f"{path}: fields {list(got)}, want {want!r}")
        for key in want:
            compare(want[key], got[key], f"{path}.{key}", key)
    elif isinstance(got, (list, tuple)):
        if not isinstance(want, list) or len(want) != len(got):
            raise Different(f"{path}: {got!r}, want {want!r}")
        for i, value in enumerate(want):
            compare(value, got[i], f"{path}[{i}]", name)
    elif isinstance(got, float):
        if isinstance(want, bool) or not isinstance(want, (int, float)):
            raise Different(f"{path}: {got!r}, want {want!r}")
        number = float(want)
        if name in FLOAT32 and got != number:  # JSON readers keep the short decimal
            number = single(want)
        if number != got or math.copysign(1, number) != math.copysign(1, got):
            raise Different(f"{path}: {got!r}, want {want!r}")
    elif type(want) is not type(got) or want != got:
        raise Different(f"{path}: {got!r}, want {want!r}")


def compare_rows(want, got, what):
    if len(want) != len(got):
        raise Different(f"{what}: {len(got)} rows, want {len(want)}")
    for i, row in enumerate(want):
        compare(row, got[i], f"{what}: row {i}")


def with_duckdb(files):
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute("SELECT * FROM read_parquet(?)", [files]).to_arrow_table().to_pylist()


def with_pyarrow_stream(files):
    return [row for file in files for row in pyarrow.ipc.open_stream(file).read_all().to_pylist()]


def with_pyarrow_file(files):
    return [row for file in files for row in pyarrow.ipc.open_file(file).read_all().to_pylist()]


def with_pyarrow(files):
    tables = [pyarrow.parquet.read_table(file) for file in files]
    for table in tables:
        table.validate(full=True)
        if table.schema != tables[0].schema:
            raise Different(f"{files}: schemas differ")
    return pyarrow.concat_tables(tables).to_pylist()


def with_datasets(loader):
    return lambda files: datasets.load_dataset(loader, data_files=files, split="train").to_list()


def with_card(export, name, manifest):
    """The rows of all splits, as the configurations of the card say. A split without rows has no data set of its own."""
    splits = datasets.load_dataset(export, name)
    return [row for split in manifest["splits"] if split["name"] in splits for row in splits[split["name"]].to_list()]


def plain(files, rows):
    """The rows, if no file has a type or metadata that loaders stumble over: large_list, large_string, huggingface, ARROW:schema."""
    for file in files:
        schema = pyarrow.parquet.read_schema(file)
        if "large" in str(schema.remove_metadata()) or set(schema.metadata) != {b"mulligan.schema_version", b"mulligan.format"}:
            raise Different(f"{file}: {schema}")
    return rows


def with_json(files):
    return [json.loads(line) for file in files for line in open(file, encoding="utf-8")]


READERS = {
    "parquet": {"pyarrow": with_pyarrow, "duckdb": with_duckdb, "polars": lambda files: polars.read_parquet(files).to_dicts(), "datasets": with_datasets("parquet")},
    "arrow": {"pyarrow": with_pyarrow_file, "polars": lambda files: polars.concat(polars.read_ipc(f) for f in files).to_dicts(), "datasets": with_datasets("arrow")},
    "arrows": {"pyarrow": with_pyarrow_stream, "polars": lambda files: polars.concat(polars.read_ipc_stream(f) for f in files).to_dicts(), "datasets": with_datasets("arrow")},
    "jsonl": {"json": with_json},  # datasets guesses the types of each file anew
}


def main(export, dump):
    with open(os.path.join(export, "manifest.json")) as f:
        manifest = json.load(f)
    wanted, failed = {}, 0

    def report(reader, what, read):
        nonlocal failed
        try:
            compare_rows(want, read(), what)
            print(f"ok    {reader:9} {what}: {len(want)} rows")
        except Exception as error:
            failed += 1
            print(f"FAIL  {reader:9} {what}: {type(error).__name__}: {error}")

    for entry in manifest["formats"]:
        name, table = entry["name"], entry["table"]
        want = wanted.setdefault(table, with_json([os.path.join(dump, table + ".jsonl")]))
        files = sorted(glob.glob(os.path.join(export, name, "*")))
        for reader, read in READERS[files[0].rsplit(".", 1)[1]].items():
            report(reader, name, lambda: read(files))
        if files[0].endswith(".parquet"):  # the configurations of the card
            report("card", name, lambda: [] if entry["rows"] == 0 else with_card(export, name, manifest))
            report("schema", name, lambda: plain(files, want))
    print(f"pyarrow {pyarrow.__version__}, duckdb {duckdb.__version__}, polars {polars.__version__}, datasets {datasets.__version__}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
