"""Trains ms-swift 4.6 on its twins of an export, by its own pipelines. Argument: FOLDER."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ.update(USE_HF="1", MODELSCOPE_CACHE=str(Path(sys.argv[1]) / "cache"))

from common import NEWLINE, Fixture, Message, loss_ids, same
from swift.dataset import load_dataset
from swift.pipelines.train.rlhf import SwiftRLHF
from swift.pipelines.train.sft import SwiftSft


def settings(fixture: Fixture, name: str, *more: str) -> list[str]:
    """A user's command line. The template is named, for a model whose kind does not tell it."""
    given = {
        "model": fixture.model(),
        "model_type": "qwen2",
        "template": "chatml",
        "dataset": fixture.file(name),
        "split_dataset_ratio": "0",
        "tuner_type": "full",
        "torch_dtype": "float32",
        "max_length": "2048",
        "max_steps": "1",
        "logging_steps": "1",
        "per_device_train_batch_size": "4",
        "gradient_accumulation_steps": "1",
        "learning_rate": "0.001",
        "dataset_num_proc": "1",
        "load_from_cache_file": "false",
        "dataloader_num_workers": "0",
        "output_dir": str(fixture.folder / f"out_{name}"),
        "save_strategy": "no",
        "check_model": "false",
        "report_to": "none",
    }
    return [word for key, value in given.items() for word in (f"--{key}", value)] + list(more)


def loaded(pipeline: SwiftSft) -> list[dict[str, Any]]:
    """The rows that the pipeline trains on."""
    rows, _ = pipeline._prepare_dataset()
    return [rows[i] for i in range(len(rows))]


def train(pipeline: SwiftSft) -> None:
    norms = [entry["grad_norm"] for entry in pipeline.main()["log_history"] if "grad_norm" in entry]
    assert norms and all(0 < norm < float("inf") for norm in norms), f"gradient norms {norms}"


def row(encoded: dict[str, Any], prefix: str = "") -> list[list[int]]:
    ids = list(encoded[f"{prefix}input_ids"])
    return [ids, loss_ids(ids, list(encoded[f"{prefix}labels"]))]


def prompts(fixture: Fixture, name: str, want: list[list[Message]]) -> None:
    """Prompts for GRPO; solution reaches the reward functions."""
    given = dict(split_dataset_ratio=0.0, num_proc=1, load_from_cache_file=False, remove_unused_columns=False)
    rows, _ = load_dataset(fixture.file(name), **given)
    found = [[[{k: m[k] for k in ("role", "content")} for m in r["messages"]], r["solution"]] for r in rows]
    same(found, [[p, t["answer"]] for p, t in zip(want, fixture.tasks)], name)


def main(folder: Path) -> None:
    fixture = Fixture.read(folder)
    want = {id(t): [t.context_ids + t.ids + NEWLINE, t.ids + NEWLINE] for t in fixture.trained}
    prompts(fixture, "rl_prompts_swift", [t["prompt"] for t in fixture.tasks])
    reflect = [next(t.prompt for t in fixture.trained if t.task == i) for i in range(len(fixture.tasks))]
    prompts(fixture, "rl_prompts_reflect_swift", reflect)

    pipeline = SwiftSft(settings(fixture, "sft_messages_swift"))
    same([row(r) for r in loaded(pipeline)], [want[id(t)] for t in fixture.passed], "sft_messages_swift")
    train(pipeline)

    # A batch is what a row's KL text is taken from: a last batch of one row has none, and ms-swift drops the row. Hence 3 of 9.
    more = ["--rlhf_type", "kto", "--per_device_train_batch_size", "3"]
    pipeline = SwiftRLHF(settings(fixture, "kto_messages", *more))
    found = [[*row(r, "chosen_"), r["label"]] for r in loaded(pipeline)]
    same(found, [[*want[id(t)], t.passed] for t in fixture.trained], "kto_messages")
    train(pipeline)

    pipeline = SwiftRLHF(settings(fixture, "dpo_swift", "--rlhf_type", "dpo"))
    pairs = [[want[id(a)], want[id(b)]] for a, b in fixture.pairs]
    rows = [[row(r, "chosen_"), row(r, "rejected_")] for r in loaded(pipeline)]
    assert rows and all(pair in pairs for pair in rows), f"dpo_swift: {rows}"
    train(pipeline)
    print(f"ms-swift: {len(fixture.passed)} rows of sft, {len(found)} of kto, {len(rows)} pairs of dpo")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
