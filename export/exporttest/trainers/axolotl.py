"""Loads an export with axolotl 0.19's own loaders, configured as its users do, and trains a step. Argument: FOLDER."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["AXOLOTL_DO_NOT_TRACK"] = "1"

from axolotl.core.trainers import AxolotlKTOTrainer, AxolotlTrainer
from axolotl.core.trainers.dpo.args import AxolotlDPOConfig
from axolotl.core.trainers.dpo.trainer import AxolotlDPOTrainer
from axolotl.core.training_args import AxolotlKTOConfig, AxolotlTrainingArguments
from axolotl.utils.collators import DataCollatorForSeq2Seq
from axolotl.utils.config import normalize_config, validate_config
from axolotl.utils.data.rl import prepare_preference_datasets
from axolotl.utils.data.shared import load_dataset_with_config
from axolotl.utils.data.wrappers import get_dataset_wrapper
from axolotl.utils.dict import DictDefault
from common import NEWLINE, Fixture, loss_ids, same, stepped
from transformers import AutoModelForCausalLM

MESSAGES = {"type": "chat_template", "field_messages": "messages", "roles_to_train": [], "train_on_eos": "turn"}
KTO_TEXT = {
    "field_prompt": "prompt",
    "field_completion": "completion",
    "field_label": "label",
    "prompt_format": "{prompt}",
    "completion_format": "{completion}",
}
DPO = {"type": "chat_template.default", "field_chosen": "chosen", "field_rejected": "rejected"}


def config(fixture: Fixture, name: str, dataset: dict[str, Any], **more: Any) -> DictDefault:
    """A user's YAML file for one format of the export, checked by axolotl."""
    given = {
        "base_model": fixture.model(),
        "datasets": [{"path": str(fixture.folder / "data" / name), "split": "train", **dataset}],
        "dataset_prepared_path": str(fixture.folder / "prepared"),
        "dataset_num_proc": 1,
        "output_dir": str(fixture.folder / "out"),
        "chat_template": "tokenizer_default",
        "sequence_len": 2048,
        "micro_batch_size": 4,
        "gradient_accumulation_steps": 1,
        "max_steps": 1,
        "logging_steps": 1,
        "learning_rate": 0.001,
        "lr_scheduler": "constant",
        "optimizer": "adamw_torch",
        "bf16": False,
        "tf32": False,
        "val_set_size": 0,
        "special_tokens": {"pad_token": fixture.tokenizer.pad_token},
        **more,
    }
    cfg = validate_config(DictDefault(given))
    normalize_config(cfg)
    return cfg


def options(fixture: Fixture) -> dict[str, Any]:
    """As axolotl's builders, which cannot be imported without triton, hand them to its trainers."""
    return dict(
        output_dir=str(fixture.folder / "out"),
        max_steps=1,
        logging_steps=1,
        per_device_train_batch_size=4,
        learning_rate=0.001,
        use_cpu=True,
        bf16=False,
        report_to="none",
        save_strategy="no",
        remove_unused_columns=False,
    )


def supervised(fixture: Fixture, name: str, dataset: dict[str, Any], tail: list[int]) -> None:
    """Exactly the reflections train; tail is what the template writes behind the end token."""
    cfg = config(fixture, name, dataset)
    kind = cfg.datasets[0].type or ""
    rows = load_dataset_with_config(cfg.datasets[0], False)
    rows, _ = get_dataset_wrapper(cfg.datasets[0], fixture.tokenizer, cfg, kind, rows, None)
    found = [[r["input_ids"], loss_ids(r["input_ids"], r["labels"])] for r in rows]
    same(found, [[t.context_ids + t.ids + tail, t.ids] for t in fixture.passed], name)
    model = AutoModelForCausalLM.from_pretrained(fixture.model())
    trainer = AxolotlTrainer(
        model=model,
        args=AxolotlTrainingArguments(**options(fixture)),
        train_dataset=rows,
        data_collator=DataCollatorForSeq2Seq(fixture.tokenizer, return_tensors="pt"),
        processing_class=fixture.tokenizer,
    )
    stepped(trainer)


def kto(fixture: Fixture, name: str, dataset: dict[str, Any], tail: list[int]) -> None:
    cfg = config(fixture, name, dataset, rl="kto", remove_unused_columns=False, skip_prepare_dataset=True)
    rows, _ = prepare_preference_datasets(cfg, fixture.tokenizer)
    args = AxolotlKTOConfig(max_length=cfg.sequence_len, **options(fixture))
    trainer = AxolotlKTOTrainer(model=fixture.model(), args=args, train_dataset=rows, processing_class=fixture.tokenizer)
    found = [[r["prompt_ids"], r["completion_ids"], r["label"]] for r in trainer.train_dataset]
    same(found, [[t.context_ids, t.ids + tail, t.passed] for t in fixture.trained], name)
    stepped(trainer)


def dpo(fixture: Fixture, name: str, field: str) -> None:
    cfg = config(fixture, name, {**DPO, "field_messages": field}, rl="dpo", skip_prepare_dataset=True)
    rows, _ = prepare_preference_datasets(cfg, fixture.tokenizer)
    args = AxolotlDPOConfig(max_length=cfg.sequence_len, **options(fixture))
    trainer = AxolotlDPOTrainer(model=fixture.model(), args=args, train_dataset=rows, processing_class=fixture.tokenizer)
    pairs = [[a.context_ids, a.ids, b.ids] for a, b in fixture.pairs]
    found = [[r["prompt_ids"], r["chosen_ids"], r["rejected_ids"]] for r in trainer.train_dataset]
    assert found and all(row in pairs for row in found), f"{name}: {found}"
    stepped(trainer)


def main(folder: Path) -> None:
    fixture = Fixture.read(folder)
    supervised(fixture, "sft_tokens", {"type": None}, [])
    supervised(fixture, "sft_messages", {**MESSAGES, "message_field_training": "train"}, NEWLINE)
    kto(fixture, "kto", {}, NEWLINE)
    kto(fixture, "kto_text", {"type": KTO_TEXT}, [])
    dpo(fixture, "dpo", "prompt")
    dpo(fixture, "dpo_messages", "messages")
    detail = {**MESSAGES, "message_field_training_detail": "train_detail"}
    supervised(fixture, "sft_messages_detail", detail, NEWLINE)
    print(f"axolotl: {len(fixture.passed)} rows of sft_tokens and sft_messages, {len(fixture.trained)} of kto, pairs of dpo")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
