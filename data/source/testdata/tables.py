"""Writes table.parquet, table.arrow and table.arrows with pyarrow 26.0.1, for tables_test.go."""

import datetime
import decimal

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

message = pa.struct([("role", pa.string()), ("content", pa.string())])
schema = pa.schema([
    ("id", pa.uint64()),
    ("nums", pa.list_(pa.int64())),
    ("target", pa.int32()),
    ("messages", pa.list_(message)),
    ("deep", pa.struct([("lists", pa.list_(pa.list_(pa.struct([("b", pa.int8())])))), ("scores", pa.map_(pa.string(), pa.float64()))])),
    ("text", pa.large_string()),
    ("kind", pa.dictionary(pa.int32(), pa.string())),
    ("price", pa.decimal128(9, 2)),
    ("at", pa.timestamp("us", tz="UTC")),
    ("day", pa.date32()),
    ("ok", pa.bool_()),
    ("f", pa.float32()),
    ("bytes", pa.binary()),
])
rows = [
    {
        "id": 18446744073709551615, "nums": [44, 19, 35], "target": 98,
        "messages": [{"role": "system", "content": "Be \"brief\".\n"}, {"role": "user", "content": "Café <1>?"}],
        "deep": {"lists": [[{"b": 1}, {"b": None}], [], None, [None]], "scores": [("x", 0.5), ("y", None)]},
        "text": "long", "kind": "red", "price": decimal.Decimal("-0.05"), "at": datetime.datetime(2026, 1, 2, 3, 4, 5, 600000),
        "day": datetime.date(1969, 12, 31), "ok": True, "f": 0.1, "bytes": b"\xff\x00",
    },
    {
        "id": 0, "nums": [], "target": -1, "messages": [{"role": "user", "content": ""}],
        "deep": {"lists": [], "scores": []}, "text": "", "kind": "blue", "price": decimal.Decimal("1234567.80"),
        "at": datetime.datetime(1970, 1, 1), "day": datetime.date(2026, 2, 28), "ok": False, "f": float("nan"), "bytes": b"text",
    },
    {name: None for name in schema.names},
    {
        "id": 1, "nums": [1, None], "target": 0, "messages": [{"role": "user", "content": "red again"}],
        "deep": {"lists": None, "scores": None}, "text": "x", "kind": "red", "price": decimal.Decimal("0.00"),
        "at": datetime.datetime(2026, 1, 1), "day": datetime.date(2026, 1, 1), "ok": True, "f": 3e30, "bytes": b"",
    },
]
table = pa.Table.from_pylist(rows, schema=schema)
pq.write_table(table, "table.parquet", row_group_size=3)
pyarrow.feather.write_feather(table, "table.arrow", compression="zstd", chunksize=3)
with pa.ipc.new_stream("table.arrows", schema) as stream:
    stream.write_table(table, max_chunksize=3)
