"""Trains SFTTrainer of TRL 1.16 on sft_tokens, sft and sequences. Argument: FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

from common import NEWLINE, Fixture, Trained, loss_ids, reflection_loss, same, stepped
from datasets import Dataset
from transformers import AutoModelForCausalLM
from trl import SFTConfig, SFTTrainer


def trainer(fixture: Fixture, rows: Dataset, **options: object) -> SFTTrainer:
    model = AutoModelForCausalLM.from_pretrained(fixture.model())
    config = SFTConfig(
        output_dir=str(fixture.folder / "out"),
        max_steps=1,
        logging_steps=1,
        per_device_train_batch_size=len(rows),
        max_length=2048,
        use_cpu=True,
        bf16=False,
        report_to="none",
        save_strategy="no",
        **options,
    )
    return SFTTrainer(model=model, args=config, train_dataset=rows, processing_class=fixture.tokenizer)


def loss(sft: SFTTrainer) -> float:
    """Of the whole file as one batch, before a step."""
    sft.model.eval()
    batch = next(iter(sft.get_train_dataloader()))
    return sft.compute_loss(sft.model, batch).item()


def tokens(fixture: Fixture, name: str, want: list[Trained]) -> None:
    """A file of ids and labels: the labels are used as they are, and nothing else counts."""
    rows = fixture.load(name)
    sft = trainer(fixture, rows)
    kept = sft.train_dataset
    assert kept["input_ids"] == rows["input_ids"] and kept["labels"] == rows["labels"], f"{name}: not as exported"
    same([loss_ids(r["input_ids"], r["labels"]) for r in kept], [t.ids for t in want], name)
    for row in kept:
        start = next(i for i, label in enumerate(row["labels"]) if label >= 0)
        context = row["input_ids"][:start]
        assert any(context == t.context_ids and row["labels"][start] == t.ids[0] for t in want), f"{name}: context"
    found, computed = loss(sft), reflection_loss(sft.model, want)
    assert abs(found - computed) < 1e-4, f"{name}: loss {found}, that of the reflections is {computed}"
    stepped(sft)


def text(fixture: Fixture, assistant_only: bool) -> None:
    """A file of prompts and completions: as tokens, but for the newline that the template writes behind the end token."""
    tail = [] if assistant_only else NEWLINE
    sft = trainer(fixture, fixture.load("sft"), assistant_only_loss=assistant_only)
    found = [[r["input_ids"], loss_ids(r["input_ids"], r["labels"])] for r in sft.train_dataset]
    same(found, [[t.context_ids + t.ids + NEWLINE, t.ids + tail] for t in fixture.passed], "sft")
    value, computed = loss(sft), reflection_loss(sft.model, fixture.passed, tail)
    assert abs(value - computed) < 1e-4, f"sft: loss {value}, that of the reflections is {computed}"
    stepped(sft)


def main(folder: Path) -> None:
    fixture = Fixture.read(folder)
    tokens(fixture, "sft_tokens", fixture.passed)
    rows = fixture.load("sequences")
    unknown = sum(p is None for row in rows["logprobs"] for p in row)
    assert unknown == 1, f"{unknown} log-probabilities of sequences are null, want 1"
    tokens(fixture, "sequences", fixture.trained)
    text(fixture, assistant_only=False)
    text(fixture, assistant_only=True)
    print(f"SFTTrainer: {len(fixture.passed)} rows of tokens and of text, {len(fixture.trained)} sequences")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
