"""Trains GRPOTrainer, RLOOTrainer and SDFTTrainer of TRL 1.16 on prompts of an export. Argument: FOLDER."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from common import Fixture, Message, same, stepped
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer
from trl.experimental.sdft import SDFTConfig, SDFTTrainer

COLUMNS = {"data_source", "ability", "reward_model", "extra_info", "label", "answer", "info", "example_id", "metadata"}


def options(fixture: Fixture, batch: int) -> dict[str, Any]:
    return dict(
        output_dir=str(fixture.folder / "out"),
        max_steps=1,
        logging_steps=1,
        per_device_train_batch_size=batch,
        max_completion_length=6,
        use_cpu=True,
        bf16=False,
        report_to="none",
        save_strategy="no",
    )


class Reward:
    """A reward function that holds what it is called with against the fixture."""

    __name__ = "reward"

    def __init__(self, prompts: list[list[Message]], answers: list[str]) -> None:
        self.prompts, self.answers, self.calls = prompts, answers, 0

    def __call__(self, prompts: list[Any], completions: list[Any], **columns: Any) -> list[float]:
        self.calls += 1
        assert COLUMNS <= columns.keys(), f"missing {COLUMNS - columns.keys()}"
        for i, prompt in enumerate(prompts):
            answer = self.answers[self.prompts.index(prompt)]
            truths = {columns[c][i] for c in ("label", "answer")} | {columns["reward_model"][i]["ground_truth"]}
            assert truths == {answer}, f"{truths} for {answer}"
            assert json.loads(answer)["target"] and columns["extra_info"][i]["index"] == columns["example_id"][i]
        return [float(i) for i in range(len(completions))]  # unlike within a group: there is a gradient


def prompts(fixture: Fixture, name: str, want: list[list[Message]], answers: list[str]) -> None:
    rows = fixture.load(name)
    same([[r["prompt"], r["answer"]] for r in rows], [list(pair) for pair in zip(want, answers)], name)
    for kind, config in ((GRPOTrainer, GRPOConfig), (RLOOTrainer, RLOOConfig)):
        reward = Reward(want, answers)
        args = config(num_generations=2, **options(fixture, batch=2 * len(rows)))
        trainer = kind(
            model=fixture.model(), reward_funcs=reward, args=args, train_dataset=rows, processing_class=fixture.tokenizer
        )
        stepped(trainer)
        assert reward.calls == 1, f"{kind.__name__} asked {reward.calls} times for rewards"


def distil(fixture: Fixture) -> None:
    """The teacher sees the reflection beside the task, the student the task alone."""
    rows = fixture.load("sdft")
    want = [[fixture.tasks[t.task]["prompt"], t.reflection] for t in fixture.passed]
    same([[r["prompt"], r["privileged_context"]] for r in rows], want, "sdft")
    args = SDFTConfig(num_generations=2, **options(fixture, batch=len(rows)))
    trainer = SDFTTrainer(model=fixture.model(), args=args, train_dataset=rows, processing_class=fixture.tokenizer)
    stepped(trainer)


def main(folder: Path) -> None:
    fixture = Fixture.read(folder)
    answers = [t["answer"] for t in fixture.tasks]
    prompts(fixture, "rl_prompts", [t["prompt"] for t in fixture.tasks], answers)
    reflect = [next(t.prompt for t in fixture.trained if t.task == i) for i in range(len(fixture.tasks))]
    prompts(fixture, "rl_prompts_reflect", reflect, answers)
    distil(fixture)
    print(f"GRPOTrainer, RLOOTrainer: {len(reflect)} prompts twice; SDFTTrainer: {len(fixture.passed)} rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
