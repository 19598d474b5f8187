"""verifiers_replay makes branches of verifiers v1 whose streams are those of the row."""

from __future__ import annotations

import unittest
from typing import Any

from verifiers_replay import branch

ROW: dict[str, Any] = {
    "sequence_id": "s",
    "input_ids": [5, 6, 7, 8, 9, 10, 11],
    "sampled_mask": [0, 0, 1, 0, 1, 1, 0],
    "loss_mask": [0, 0, 0, 0, 1, 1, 0],
    "logprobs": [0.0, 0.0, -9.0, 0.0, -0.5, -0.25, 0.0],
    "logprobs_mode": "processed",
    "advantages": [0.0, 0.0, 0.0, 0.0, 1.5, 1.5, 0.0],
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 0,
}


class BranchTest(unittest.TestCase):
    def test_streams_are_those_of_the_row(self) -> None:
        b = branch(0, ROW, decode=lambda ids: "-".join(map(str, ids)))
        self.assertEqual(b.token_ids, ROW["input_ids"])
        self.assertEqual(b.sampled_mask, [False, False, False, False, True, True, False])
        self.assertEqual(b.logprobs, [0.0, 0.0, 0.0, 0.0, -0.5, -0.25, 0.0])
        self.assertEqual(b.advantages, ROW["advantages"])
        self.assertEqual([(n.parent, n.sampled, n.message.role, n.message.content) for n in b.nodes], [
            (None, False, "user", "5-6"), (0, True, "assistant", "7"), (1, False, "user", "8"), (2, True, "assistant", "9-10"), (3, False, "user", "11"),
        ])  # fmt: skip

    def test_rows(self) -> None:
        hole = [*ROW["logprobs"][:4], None, *ROW["logprobs"][5:]]
        for change, why in (
            ({"logprobs": hole}, "column logprobs: element 4 is NULL"),
            ({"logprobs": None}, "column logprobs is NULL"),
            ({"sampled_mask": [0] * 7}, "column sampled_mask"),
            ({"advantages": None}, "column advantages"),
            ({"temperature": 0.5}, "temperature is 0.5"),
        ):
            with self.subTest(why), self.assertRaisesRegex(ValueError, rf"row 3 \(s\): .*{why}"):
                branch(3, {**ROW, **change})
        self.assertEqual(branch(3, {**ROW, "logprobs": hole}, unknown="mask").sampled_mask, [False] * 5 + [True, False])


if __name__ == "__main__":
    unittest.main()
