"""Trains KTOTrainer and DPOTrainer of TRL 1.16 on kto, dpo and dpo_answers. Argument: FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from common import NEWLINE, Fixture, same, stepped
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer


def options(fixture: Fixture) -> dict[str, Any]:
    return dict(
        output_dir=str(fixture.folder / "out"),
        max_steps=1,
        logging_steps=1,
        per_device_train_batch_size=4,
        max_length=2048,
        use_cpu=True,
        bf16=False,
        report_to="none",
        save_strategy="no",
    )


def kto(fixture: Fixture) -> None:
    rows = fixture.load("kto")
    trainer = KTOTrainer(
        model=fixture.model(), args=KTOConfig(**options(fixture)), train_dataset=rows, processing_class=fixture.tokenizer
    )
    found = [[r["prompt_ids"], r["completion_ids"], r["label"]] for r in trainer.train_dataset]
    same(found, [[t.context_ids, t.ids + NEWLINE, t.passed] for t in fixture.trained], "kto")
    stepped(trainer)


def dpo(fixture: Fixture, name: str, want: list[Any]) -> None:
    rows = fixture.load(name)
    trainer = DPOTrainer(
        model=fixture.model(), args=DPOConfig(**options(fixture)), train_dataset=rows, processing_class=fixture.tokenizer
    )
    found = [[r["prompt_ids"], r["chosen_ids"], r["rejected_ids"]] for r in trainer.train_dataset]
    if name == "dpo":  # which of the pairs are written is an option of the export
        assert found and {str(f[0]) for f in found} == {str(w[0]) for w in want}, f"{name}: a group has no pair"
        want = [w for w in want if w in found]
    same(found, want, name)
    stepped(trainer)


def main(folder: Path) -> None:
    fixture = Fixture.read(folder)
    kto(fixture)
    pairs = [[a.context_ids, a.ids + NEWLINE, b.ids + NEWLINE] for a, b in fixture.pairs]
    dpo(fixture, "dpo", pairs)
    print(f"KTOTrainer: {len(fixture.trained)} rows; DPOTrainer: of {len(pairs)} pairs")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
