"""Trains LLaMA-Factory 0.9.5 on its twins of an export, by the dataset_info.json in it. Argument: FOLDER."""

from __future__ import annotations

import json
import os
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ["DISABLE_VERSION_CHECK"] = "1"  # it wants older versions of transformers, datasets, peft and trl
# It imports torchaudio, which no text needs and which there is none of for this torch.
sys.modules["torchaudio"] = ModuleType("torchaudio")
sys.modules["torchaudio"].__spec__ = ModuleSpec("torchaudio", None)

from common import NEWLINE, Fixture, loss_ids, same
from datasets import Dataset
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer
from llamafactory.train.tuner import run_exp


def settings(fixture: Fixture, stage: str, dataset: str, **more: Any) -> dict[str, Any]:
    """A user's YAML file. Without a template it takes the tokenizer's own."""
    return {
        "model_name_or_path": fixture.model(),
        "stage": stage,
        "do_train": True,
        "finetuning_type": "full",
        "dataset_dir": str(fixture.folder / "data"),
        "dataset": dataset,
        "cutoff_len": 2048,
        "output_dir": str(fixture.folder / f"out_{dataset}"),
        "max_steps": 1,
        "logging_steps": 1,
        "per_device_train_batch_size": 4,
        "learning_rate": 0.001,
        "use_cpu": True,
        "disable_gradient_checkpointing": True,  # its own does not know the layers of this transformers
        "report_to": "none",
        "save_strategy": "no",
        **more,
    }


def load(given: dict[str, Any]) -> Dataset:
    model_args, data_args, training_args, finetuning_args, _ = get_train_args(dict(given))
    module = load_tokenizer(model_args)
    template = get_template_and_fix_tokenizer(module["tokenizer"], data_args)
    stage = "rm" if finetuning_args.stage == "dpo" else finetuning_args.stage  # as its DPO workflow does
    return get_dataset(template, model_args, data_args, training_args, stage=stage, **module)["train_dataset"]


def train(given: dict[str, Any]) -> None:
    run_exp(dict(given))
    state = json.loads((Path(given["output_dir"]) / "trainer_state.json").read_text("utf-8"))
    norms = [entry["grad_norm"] for entry in state["log_history"] if "grad_norm" in entry]
    assert norms and all(0 < norm < float("inf") for norm in norms), f"gradient norms {norms}"


def row(ids: list[int], labels: list[int]) -> list[list[int]]:
    return [ids, loss_ids(ids, labels)]


def main(folder: Path) -> None:
    fixture = Fixture.read(folder)
    want = {id(t): [t.context_ids + t.ids + NEWLINE, t.ids + NEWLINE] for t in fixture.trained}

    given = settings(fixture, "sft", "sft_messages_llamafactory", mask_history=True)
    found = [row(r["input_ids"], r["labels"]) for r in load(given)]
    same(found, [want[id(t)] for t in fixture.passed], "sft_messages_llamafactory")
    train(given)
    # Why the card says mask_history: without it the failed attempt trains, too.
    bare = load(settings(fixture, "sft", "sft_messages_llamafactory", output_dir=str(folder / "out_bare")))
    found = [row(r["input_ids"], r["labels"]) for r in bare]
    for t in fixture.passed:
        (trains,) = (labels for ids, labels in found if ids == want[id(t)][0])
        failed = fixture.tokenizer.encode(fixture.tasks[t.task]["failed"])
        assert trains[-len(failed + NEWLINE + want[id(t)][1]) - 1 :] == failed + [257] + NEWLINE + want[id(t)][1]

    given = settings(fixture, "kto", "kto_messages")
    found = [[*row(r["input_ids"], r["labels"]), r["kto_tags"]] for r in load(given)]
    same(found, [[*want[id(t)], t.passed] for t in fixture.trained], "kto_messages")
    train(given)

    given = settings(fixture, "dpo", "dpo_messages")
    pairs = [[want[id(a)], want[id(b)]] for a, b in fixture.pairs]
    for r in (rows := load(given)):
        pair = [row(r[f"{k}_input_ids"], r[f"{k}_labels"]) for k in ("chosen", "rejected")]
        assert pair in pairs, f"dpo_messages: {pair}"
    assert len(rows) > 0
    train(given)
    print(f"LLaMA-Factory: {len(fixture.passed)} rows of sft, {len(found)} of kto, {len(rows)} pairs of dpo")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
