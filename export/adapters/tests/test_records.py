"""tinker_replay: the real record, and its loss. prime_rl_replay and slime_replay: by contract, their fields as read at the
commits named there."""

from __future__ import annotations

import math
import tempfile
import unittest
from pathlib import Path
from typing import Any

import prime_rl_replay
import sequences
import slime_replay
import tiny
import tinker_replay
import torch
from transformers import AutoModelForCausalLM

# prime-rl, transports/rollouts/types.py at 559b4477: TrainingSample, the fields of text models.
TRAINING_SAMPLE = {
    "token_ids",
    "mask",
    "logprobs",
    "temperatures",
    "env_name",
    "ref_logprobs",
    "rl_weights",
    "ce_weights",
    "ref_kl_weights",
    "advantages",
}
# slime, utils/types.py at 624b824a: Sample.
SAMPLE = {
    "group_index", "index", "rollout_id", "prompt", "tokens", "response", "response_length", "label", "reward", "loss_mask", "weight_versions",
    "rollout_log_probs", "remove_sample", "status", "metadata", "train_metadata", "session_id",
}  # fmt: skip


class RecordsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        with tempfile.TemporaryDirectory() as folder:
            tiny.save(Path(folder))
            cls.model = AutoModelForCausalLM.from_pretrained(folder)

    def test_tinker(self) -> None:
        for shift, ratio in ((0.0, 1.0), (-0.1, math.exp(0.1))):
            for i, row in enumerate(sequences.rows(self.model, shift=shift)):
                d = tinker_replay.datum(i, row)
                ids = d.model_input.to_ints()
                target, stored, adv = (torch.tensor(d.loss_fn_inputs[k].tolist()) for k in ("target_tokens", "logprobs", "advantages"))
                self.assertEqual(ids + target.tolist()[-1:], row["input_ids"])
                self.assertEqual(ids[1:], target.tolist()[:-1])
                logps = self.model(torch.tensor([ids])).logits[0].log_softmax(-1).gather(1, target[:, None])[:, 0].detach().requires_grad_()
                (-((logps - stored).exp() * adv).sum()).backward()
                mask = torch.tensor(row["loss_mask"][1:])
                want = -ratio * row["advantages"][row["loss_mask"].index(1)] * mask
                torch.testing.assert_close(logps.grad, want, rtol=1e-4, atol=1e-5)

    def test_prime_rl(self) -> None:
        row = sequences.rows(self.model, temperature=0.7)[1]
        s = prime_rl_replay.sample(1, row)
        self.assertLessEqual(set(s), TRAINING_SAMPLE)
        n = len(row["input_ids"])
        self.assertEqual(
            {k: len(v) for k, v in s.items() if k != "env_name"},
            dict.fromkeys(["token_ids", "mask", "logprobs", "temperatures", "advantages"], n),
        )
        self.assertEqual(s["mask"], [m == 1 for m in row["loss_mask"]])
        self.assertEqual(s["advantages"], row["advantages"])
        self.assertEqual(s["logprobs"], [lp if m else 0.0 for lp, m in zip(row["logprobs"], row["loss_mask"])])
        self.assertEqual(s["temperatures"], [0.7] * n)
        self.assertEqual(prime_rl_replay.sample(1, {**row, "logprobs_mode": "raw"})["temperatures"], [1.0] * n)
        ce = prime_rl_replay.sample(1, {**row, "reward": 1.0, "logprobs": None, "advantages": None}, ce=True)
        self.assertEqual((ce["ce_weights"], ce["rl_weights"]), ([float(m) for m in row["loss_mask"]], [0.0] * n))
        with self.assertRaisesRegex(ValueError, r"row 1 \(sequence-1\): column reward is 0.0"):
            prime_rl_replay.sample(1, row, ce=True)

    def test_slime(self) -> None:
        rows = sequences.rows(self.model)
        made = list(slime_replay.files(rows, 3))
        self.assertEqual([(f["rollout_id"], len(f["samples"])) for f in made], [(0, 3), (1, 3)])
        for row, s in zip(rows, [s for f in made for s in f["samples"]]):
            self.assertLessEqual(set(s), SAMPLE)
            at = row["prompt_len"]
            self.assertEqual((s["tokens"], s["response_length"]), (row["input_ids"], len(row["input_ids"]) - at))
            self.assertEqual(s["loss_mask"], row["loss_mask"][at:])
            self.assertEqual(s["rollout_log_probs"], [lp if m else 0.0 for lp, m in zip(row["logprobs"][at:], row["loss_mask"][at:])])
            self.assertEqual((s["reward"], s["metadata"]["raw_reward"]), (row["advantages"][row["loss_mask"].index(1)], row["reward"]))
        self.assertIsNone(slime_replay.sample(0, {**rows[0], "logprobs": None}, logprobs="ignore")["rollout_log_probs"])

    def test_slime_reads_one_split(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            names = ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet", "test-00000-of-00001.parquet"]
            train0, train1, test = (Path(folder) / n for n in names)
            for f in (train1, train0):
                f.touch()
            self.assertEqual(slime_replay.shards([Path(folder)]), [train0, train1])
            test.touch()
            for paths in ([Path(folder)], [train0, test]):
                with self.assertRaisesRegex(ValueError, "the files are of the splits test, train"):
                    slime_replay.shards(paths)
            self.assertEqual(slime_replay.shards([train0, train1]), [train0, train1])
            (Path(folder) / "empty").mkdir()
            with self.assertRaisesRegex(ValueError, "empty: no Parquet files"):
                slime_replay.shards([Path(folder) / "empty"])

    def test_rows(self) -> None:
        row = sequences.rows(self.model)[0]
        at = row["loss_mask"].index(1)
        hole = [None if i == at else lp for i, lp in enumerate(row["logprobs"])]

        def trained(record: Any) -> int:
            if isinstance(record, dict):
                return int(sum(record.get("mask") or record["loss_mask"]))
            return sum(a != 0 for a in record.loss_fn_inputs["advantages"].tolist())

        for make in (tinker_replay.datum, prime_rl_replay.sample, slime_replay.sample):
            for change, why in (
                ({"logprobs": hole}, f"column logprobs: element {at} is NULL"),
                ({"logprobs": None}, "column logprobs is NULL"),
                ({"logprobs": [0.5] * len(hole)}, f"element {at} is 0.5: want at most 0"),
                ({"advantages": None}, "column advantages"),
                ({"loss_mask": row["loss_mask"][1:]}, "column loss_mask"),
                ({"loss_mask": [2 * m for m in row["loss_mask"]]}, "column loss_mask"),
                ({"loss_mask": [0] * len(hole)}, "column loss_mask"),
                ({"logprobs_mode": "mixed"}, "logprobs_mode is mixed"),
                ({"top_p": 0.9}, "top_p, top_k are 0.9, 0"),
            ):
                with self.subTest(make=make.__module__, why=why), self.assertRaisesRegex(ValueError, rf"row 5 \(sequence-0\): .*{why}"):
                    make(5, {**row, **change})
            self.assertEqual(trained(make(5, row)), sum(row["loss_mask"]))
            self.assertEqual(trained(make(5, {**row, "logprobs": hole}, unknown="mask")), sum(row["loss_mask"]) - 1)


if __name__ == "__main__":
    unittest.main()
