"""Edits a reward in row 2 of episodes and a mask in row 3 of sequences, as a user of pyarrow would."""

import sys

import pyarrow as pa
import pyarrow.parquet as pq

folder = sys.argv[1]


def rewrite(table_name: str, row: int, column: str, value: object) -> None:
    path = f"{folder}/{table_name}/train-00000-of-00001.parquet"
    table = pq.read_table(path)
    values = table[column].to_pylist()
    values[row] = value if value is not None else values[row][-1:] + values[row][:-1]
    at = table.schema.get_field_index(column)
    pq.write_table(table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type)), path)


rewrite("episodes", 2, "reward", 0.0)
rewrite("sequences", 3, "loss_mask", None)
