"""verl_sft: what it hands to verl, and what it refuses. exporttest/trainers/verl.py trains with it."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from verl_sft import TokensDataset

IDS, MASK = [5, 6, 7, 8], [0, 0, 1, 1]


class TokensDatasetTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name) / "train-00000-of-00001.parquet")

    def made(self, *rows: tuple[list[int], list[int | None]], max_samples: int = -1, **config: Any) -> TokensDataset:
        ids, masks = [r[0] for r in rows], [r[1] for r in rows]
        table = pa.table({"input_ids": pa.array(ids, pa.list_(pa.int32())), "loss_mask": pa.array(masks, pa.list_(pa.int8()))})
        pq.write_table(table, self.path)
        return TokensDataset([self.path], SimpleNamespace(pad_token_id=9), config, max_samples=max_samples)

    def test_row(self) -> None:
        row = self.made((IDS, MASK))[0]
        self.assertEqual({k: v.tolist() for k, v in row.items()}, {"input_ids": IDS, "position_ids": [0, 1, 2, 3], "loss_mask": MASK})

    def test_padded_row(self) -> None:
        row = self.made((IDS, MASK), pad_mode="right", max_length=6)[0]
        want = {
            "input_ids": [5, 6, 7, 8, 9, 9],
            "position_ids": [0, 1, 2, 3, 0, 0],
            "loss_mask": [0, 0, 1, 1, 0, 0],
            "attention_mask": [1, 1, 1, 1, 0, 0],
        }
        self.assertEqual({k: v.tolist() for k, v in row.items()}, want)

    def test_long_rows(self) -> None:
        with self.assertRaisesRegex(ValueError, "row 1: 4 tokens, data.max_length is 3"):
            self.made(([1, 2], [0, 1]), (IDS, MASK), max_length=3)
        kept = self.made(([1, 2], [0, 1]), (IDS, MASK), max_length=3, truncation="drop")
        self.assertEqual((len(kept), kept.dropped), (1, 1))
        with self.assertRaisesRegex(ValueError, "no rows"):
            self.made((IDS, MASK), max_length=3, truncation="drop")
        with self.assertRaisesRegex(ValueError, "data.truncation is 'left'"):
            self.made((IDS, MASK), truncation="left")

    def test_masks(self) -> None:
        self.assertEqual(len(self.made((IDS, MASK), (IDS, MASK), max_samples=1)), 1)
        for mask in ([0, 0, 1], [0, 0, 1, 1, 0], [1, 0, 1, 1], [0, 0, 0, 0], [0, 0, 2, 1], [0, None, 1, 1], []):
            with self.subTest(mask=mask), self.assertRaisesRegex(ValueError, "row 0: column loss_mask"):
                self.made((IDS, mask))


if __name__ == "__main__":
    unittest.main()
