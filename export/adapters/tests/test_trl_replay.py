"""trl_replay feeds stored rows to a real GRPOTrainer, and their log-probabilities count."""

from __future__ import annotations

import math
import tempfile
import unittest
from pathlib import Path
from typing import Any

import sequences
import tiny
from datasets import Dataset
from sequences import GROUP
from transformers import AutoModelForCausalLM
from trl import GRPOConfig, GRPOTrainer

from trl_replay import ReplayRollout, count_logprobs


def rows(folder: str, **change: Any) -> list[dict[str, Any]]:
    return sequences.rows(AutoModelForCausalLM.from_pretrained(folder), **change)


class Spy(GRPOTrainer):
    def _compute_loss(self, model: Any, inputs: Any) -> Any:
        self.seen = inputs
        return super()._compute_loss(model, inputs)


def trainer(folder: str, replay: ReplayRollout, **config: Any) -> Spy:
    args = dict(
        output_dir=folder, max_steps=1, use_cpu=True, bf16=False, report_to="none", save_strategy="no", logging_steps=1, shuffle_dataset=False,
        per_device_train_batch_size=2 * GROUP, num_generations=GROUP, max_completion_length=4, vllm_importance_sampling_mode="token_truncate",
        temperature=1.0,
    )  # fmt: skip
    return Spy(
        model=folder, processing_class=tiny.tokenizer(), args=GRPOConfig(**{**args, **config}), reward_funcs=replay.reward,
        train_dataset=Dataset.from_list(replay.dataset()), rollout_func=replay,
    )  # fmt: skip


def step(
    folder: str, stored: list[dict[str, Any]], count: bool = True, options: dict[str, Any] | None = None, **config: Any
) -> tuple[Spy, dict[str, Any]]:
    t = trainer(folder, ReplayRollout(stored, GROUP, **(options or {})), **config)
    if count:
        count_logprobs(t)
    t.train()
    return t, t.state.log_history[0]


class ReplayTest(unittest.TestCase):
    def setUp(self) -> None:
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.folder = home.name
        tiny.save(Path(self.folder))

    def ratios(self, log: dict[str, Any]) -> list[float]:
        return [log[f"sampling/importance_sampling_ratio/{k}"] for k in ("min", "mean", "max")]

    def test_same_model_has_ratio_1(self) -> None:
        t, log = step(self.folder, rows(self.folder))
        for ratio in self.ratios(log):
            self.assertAlmostEqual(ratio, 1.0, places=4)
        self.assertGreater(log["grad_norm"], 0)
        got = {tuple(i[m.bool()].tolist()) for i, m in zip(t.seen["completion_ids"], t.seen["completion_mask"] * t.seen["tool_mask"])}
        want = {tuple(i for i, m in zip(r["input_ids"], r["loss_mask"]) if m) for r in rows(self.folder)}
        self.assertEqual(got, want)

    def test_shifted_log_probabilities_count(self) -> None:
        plain = step(self.folder, rows(self.folder))[1]
        _, log = step(self.folder, rows(self.folder, shift=-0.1))
        for ratio in self.ratios(log):
            self.assertAlmostEqual(ratio, math.exp(0.1), places=4)
        self.assertAlmostEqual(log["grad_norm"] / plain["grad_norm"], math.exp(0.1), places=3)
        _, log = step(self.folder, rows(self.folder, shift=-0.1), options={"logprobs": "ignore"}, count=False)
        self.assertNotIn("sampling/importance_sampling_ratio/mean", log)
        self.assertAlmostEqual(log["grad_norm"] / plain["grad_norm"], 1.0, places=4)

    def test_without_count_logprobs(self) -> None:
        with self.assertRaisesRegex(ValueError, "call count_logprobs"):
            step(self.folder, rows(self.folder), count=False)

    def test_trainers_that_would_bend_the_rewards(self) -> None:
        replay = ReplayRollout(rows(self.folder), GROUP)
        for change, why in (
            ({"reward_funcs": [replay.reward, replay.reward]}, "2 reward functions"),
            ({"mask_truncated_completions": True}, "mask_truncated_completions"),
        ):
            t = trainer(self.folder, replay)
            count_logprobs(t)
            t.__dict__.update(change)
            with self.subTest(why), self.assertRaisesRegex(ValueError, why):
                replay([replay.dataset()[0]["prompt"]] * GROUP, t)

    def test_unknown_log_probability(self) -> None:
        stored = rows(self.folder)
        at = stored[0]["loss_mask"].index(1)
        stored[0]["logprobs"][at + 1] = None
        stored[1]["logprobs"][8] = None  # of the attempt: it does not train, and may be unknown
        with self.assertRaisesRegex(ValueError, rf"row 0 \(sequence-0\): column logprobs: element {at + 1} is NULL"):
            ReplayRollout(stored, GROUP)
        t, log = step(self.folder, stored, options={"unknown": "mask"})
        self.assertAlmostEqual(self.ratios(log)[1], 1.0, places=4)
        masks = (t.seen["completion_mask"] * t.seen["tool_mask"]).sum(1).tolist()
        self.assertEqual(sorted(masks), [2, 4, 5, 6, 7, 8, 9, 10])
        with self.assertRaisesRegex(ValueError, "column logprobs is NULL"):
            ReplayRollout(rows(self.folder, logprobs=None), GROUP)

    def test_short_group_is_filled_up(self) -> None:
        stored = rows(self.folder, groups=1)[:3]  # rewards 1, 0, 0
        t, _ = step(self.folder, stored, per_device_train_batch_size=GROUP)
        self.assertEqual(sorted(round(float(a), 4) for a in t.seen["advantages"]), [-0.5773, -0.5773, 0.0, 1.1545])
        for a, mask in zip(t.seen["advantages"], t.seen["completion_mask"] * t.seen["tool_mask"]):
            self.assertEqual(bool(mask.any()), float(a) != 0)

    def test_like_and_like(self) -> None:
        for columns, config, why in (
            ({"logprobs_mode": "raw"}, {"temperature": 0.8}, "logprobs_mode is raw"),
            ({"temperature": 0.8}, {}, "temperature is 0.8"),
            ({"top_p": 0.9}, {}, "top_p, top_k are 0.9, 0"),
            ({"logprobs_mode": "sampled_unknown"}, {}, "logprobs_mode is sampled_unknown"),
        ):
            with self.subTest(why), self.assertRaisesRegex(ValueError, f"row 0 .*{why}"):
                step(self.folder, rows(self.folder, **columns), **config)

    def test_rows(self) -> None:
        stored = rows(self.folder)
        for change, why in (
            ({"loss_mask": [0, 1]}, "column loss_mask: 2 elements for"),
            ({"loss_mask": [0] * len(stored[0]["input_ids"])}, "want ones, and only after prompt_len"),
            ({"prompt_len": 25}, "want ones, and only after prompt_len"),
            ({"logprobs": [0.1] * len(stored[0]["input_ids"])}, "is 0.1: want at most 0"),
            ({"logprobs": [0.0]}, "column logprobs: 1 elements"),
        ):
            with self.subTest(why), self.assertRaisesRegex(ValueError, rf"row 0 \(sequence-0\): .*{why}"):
                ReplayRollout([{**stored[0], **change}], GROUP)
        with self.assertRaisesRegex(ValueError, "sample_index: 0 a second time"):
            ReplayRollout([stored[0], stored[0]], GROUP)
        with self.assertRaisesRegex(ValueError, "more than num_generations"):
            ReplayRollout(stored[:4], 3)


if __name__ == "__main__":
    unittest.main()
