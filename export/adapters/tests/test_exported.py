"""The adapters on files that `mulligan export` wrote: MULLIGAN_EXPORT names the folder, MULLIGAN_COUNTDOWN a server of the verifier."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import tempfile
import unittest
from pathlib import Path
from typing import Any

FOLDER = os.environ.get("MULLIGAN_EXPORT", "")


def needs(module: str) -> Any:
    return unittest.skipUnless(FOLDER and importlib.util.find_spec(module), f"needs MULLIGAN_EXPORT and {module}")


def file(table: str) -> str:
    return str(next((Path(FOLDER) / "data" / table).glob("*.parquet")))


def rows(table: str) -> list[dict[str, Any]]:
    from datasets import load_dataset

    return list(load_dataset("parquet", data_files=file(table), split="train", cache_dir=tempfile.gettempdir()))


def trained(ids: list[int], mask: list[int]) -> list[int]:
    return [i for i, m in zip(ids, mask) if m]


def reflections(known: bool = False) -> list[list[int]]:
    """The ids of each row that train; known: without those whose log-probability is not known."""
    return [
        [i for i, m, lp in zip(r["input_ids"], r["loss_mask"], r["logprobs"]) if m and not (known and lp is None)]
        for r in rows("sequences")
    ]


class ExportedTest(unittest.TestCase):
    @needs("trl")
    def test_rows_train_the_reflections_of_kto(self) -> None:
        from transformers import AutoTokenizer

        tok = AutoTokenizer.from_pretrained(str(Path(FOLDER) / "tokenizer"))
        want = [r["completion"][0]["content"] for r in rows("kto")]
        self.assertEqual(sorted(tok.decode(ids, skip_special_tokens=True) for ids in reflections()), sorted(want))

    @needs("trl")
    def test_trl_replay(self) -> None:
        import test_trl_replay as t
        import tiny
        from transformers import AutoTokenizer

        from trl_replay import ReplayRollout, count_logprobs

        stored = rows("sequences")
        most = max(sum(r["group_id"] == s["group_id"] for r in stored) for s in stored)
        with self.assertRaisesRegex(ValueError, r"row \d+ \([0-9a-f]{64}\): column logprobs: element \d+ is NULL"):
            ReplayRollout(stored, most)
        replay = ReplayRollout(stored, most, unknown="mask")
        groups = len(replay.dataset())
        with tempfile.TemporaryDirectory() as folder:
            tiny.save(Path(folder), tok=AutoTokenizer.from_pretrained(str(Path(FOLDER) / "tokenizer")))
            trainer = t.trainer(
                folder, replay, per_device_train_batch_size=most * groups, num_generations=most, vllm_importance_sampling_clip_max=1e9
            )
            count_logprobs(trainer)
            trainer.train()
        masks = (trainer.seen["completion_mask"] * trainer.seen["tool_mask"]).tolist()
        got = [trained(ids, mask) for ids, mask in zip(trainer.seen["completion_ids"].tolist(), masks) if any(mask)]
        self.assertEqual(sorted(got), sorted(reflections(known=True)))
        self.assertGreater(trainer.state.log_history[0]["grad_norm"], 0)

    @needs("trl")
    def test_trl_reflect(self) -> None:
        from trl_reflect import Options, ReflectRollout

        rollout = ReflectRollout(rows("failures"), Options(url=os.environ["MULLIGAN_COUNTDOWN"], verifier="countdown"))
        rollout.check()
        prompts = [r["prompt"] for r in rollout.dataset()]
        for ours, theirs in zip(prompts, (r["prompt"] for r in rows("rl_prompts_reflect"))):
            self.assertEqual(ours[:-1], theirs[:-1])  # the request to reflect is the run's own

    @needs("verl")
    def test_verl(self) -> None:
        import test_verl as t
        from omegaconf import OmegaConf

        from verl_reflect import FailuresDataset
        from verl_replay import ReplayAgentLoop, ReplayDataset

        with tempfile.TemporaryDirectory() as folder:
            config = OmegaConf.create({"cache_dir": folder})
            data = ReplayDataset([file("sequences")], config=config)
            engine, cfg = t.Engine(folder), t.config(prompt_length=2000, response_length=2000)
            out = t.play(
                t.made(ReplayAgentLoop, engine, cfg=cfg, unknown="mask"),
                engine,
                dict(t.collate_fn([data[i] for i in range(len(data))])),
                cfg,
            )
            got = [trained(i, m) for i, m in zip(out.batch["responses"].tolist(), out.batch["response_mask"].tolist())]
            self.assertEqual(got, reflections(known=True))
            stored = FailuresDataset([file("failures")], config=config)
            self.assertEqual(
                [stored[i]["mulligan_row"]["failure_id"] for i in range(len(stored))], [r["failure_id"] for r in rows("failures")]
            )

    @needs("skyrl")
    def test_skyrl(self) -> None:
        import test_skyrl as t

        batch, _ = t.batch_of(t.ReplayPrompts(rows("sequences")), 1)
        out = asyncio.run(t.ReplayGenerator(unknown="mask").generate(batch))
        t.validate_generator_output(len(out["response_ids"]), out)
        self.assertEqual([trained(i, m) for i, m in zip(out["response_ids"], out["loss_masks"])], reflections(known=True))

    @needs("tinker")
    def test_records(self) -> None:
        import prime_rl_replay
        import slime_replay
        import tinker_replay

        stored, want = rows("sequences"), reflections(known=True)
        for i, (row, ids) in enumerate(zip(stored, want)):
            s, p = slime_replay.sample(i, row, unknown="mask"), prime_rl_replay.sample(i, row, unknown="mask")
            self.assertEqual(trained(s["tokens"][-s["response_length"] :], s["loss_mask"]), ids)
            self.assertEqual(trained(p["token_ids"], p["mask"]), ids)
            d = tinker_replay.datum(i, row, unknown="mask").loss_fn_inputs
            if any(row["advantages"]):
                self.assertEqual([t for t, a in zip(d["target_tokens"].tolist(), d["advantages"].tolist()) if a], ids)

    @needs("verifiers.v1.graph" if importlib.util.find_spec("verifiers") else "verifiers")
    def test_verifiers(self) -> None:
        from verifiers_replay import branch

        path = next((Path(FOLDER) / "data" / "sequences_jsonl").glob("*.jsonl"))  # this environment has no reader of Parquet
        for i, row in enumerate(map(json.loads, path.read_text().splitlines())):
            known = [m and lp is not None for m, lp in zip(row["loss_mask"], row["logprobs"])]
            b = branch(i, row, unknown="mask")
            self.assertEqual((b.token_ids, b.sampled_mask), (row["input_ids"], [bool(k) for k in known]))


if __name__ == "__main__":
    unittest.main()
