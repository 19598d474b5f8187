"""Loads sft, dpo and rl_prompts with the datasets of OpenRLHF 0.11.2, and steps as its trainers do. Argument: FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from common import Fixture, Trained, same
from openrlhf.datasets import PromptDataset, RewardDataset, SFTDataset
from openrlhf.datasets.utils import blending_datasets
from transformers import AutoModelForCausalLM


def strategy(**data: Any) -> Any:
    """What the datasets look at of OpenRLHF's strategy, which itself wants DeepSpeed: its arguments."""
    args = SimpleNamespace(data=SimpleNamespace(apply_chat_template=True, **data), use_ms=False)
    return SimpleNamespace(args=args, is_rank_0=lambda: True, print=lambda *text: None)


def folder_of(fixture: Fixture, name: str) -> str:
    return str(fixture.folder / "data" / name)


def step(model: torch.nn.Module) -> None:
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item()
    assert 0 < norm < float("inf"), f"gradient norm {norm}"
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    model.zero_grad()


def log_probs(model: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    """Of each token after the first. OpenRLHF's own function and losses cannot be imported without DeepSpeed."""
    scores = model(ids, attention_mask=torch.ones_like(ids)).logits[:, :-1].float().log_softmax(-1)
    return scores.gather(-1, ids[:, 1:, None]).squeeze(-1)


def sft(fixture: Fixture, model: torch.nn.Module) -> None:
    given = strategy(input_key="prompt", output_key="completion")
    rows = blending_datasets(folder_of(fixture, "sft"), None, given)
    data = SFTDataset(rows, fixture.tokenizer, 2048, given, num_processors=1)
    assert len(data) == len(fixture.passed)
    found = [[ids[0].tolist(), ids[0][1:][mask[0][:-1].bool()].tolist()] for ids, _, mask in data]
    same(found, [[t.context_ids + t.ids, t.ids] for t in fixture.passed], "sft")
    ids, _, mask = data.collate_fn([data[i] for i in range(len(data))])
    scores = log_probs(model, ids)
    scores.retain_grad()
    (-(scores * mask[:, :-1]).sum() / mask[:, :-1].sum()).backward()  # SFTLoss
    moved = [row[1:][grad != 0].tolist() for row, grad in zip(ids, scores.grad)]
    same(moved, [t.ids for t in fixture.passed], "sft: tokens with a gradient")
    step(model)


def dpo(fixture: Fixture, model: torch.nn.Module) -> None:
    given = strategy(prompt_key="prompt", chosen_key="chosen", rejected_key="rejected")
    rows = blending_datasets(folder_of(fixture, "dpo"), None, given)
    data = RewardDataset(rows, fixture.tokenizer, 2048, given, is_dpo=True, num_processors=1)
    pairs = [[a.context_ids, a.ids, b.ids] for a, b in fixture.pairs]
    assert len(data) > 0
    for chosen, _, rejected, _, start in data:
        row = [chosen[0][:start].tolist(), chosen[0][start:].tolist(), rejected[0][start:].tolist()]
        assert row in pairs and rejected[0][:start].tolist() == row[0], f"dpo: {row}"
    chosen, _, rejected, _, start = data[0]
    margin = log_probs(model, chosen)[:, start - 1 :].sum() - log_probs(model, rejected)[:, start - 1 :].sum()
    torch.nn.functional.softplus(-0.1 * (margin - margin.detach())).backward()  # DPOLoss with beta 0.1
    step(model)


def prompts(fixture: Fixture, name: str, want: list[Any]) -> None:
    given = strategy(input_key="prompt", label_key="label")
    data = PromptDataset(blending_datasets(folder_of(fixture, name), None, given), fixture.tokenizer, given)
    found = [[text, label] for _, text, label, _ in data]
    template = fixture.tokenizer.apply_chat_template
    want = [[template(p, tokenize=False, add_generation_prompt=True), answer] for p, answer in want]
    same(found, want, name)


def main(folder: Path) -> None:
    fixture = Fixture.read(folder)
    model = AutoModelForCausalLM.from_pretrained(fixture.model())
    sft(fixture, model)
    dpo(fixture, model)
    answers = [t["answer"] for t in fixture.tasks]
    first: dict[int, Trained] = {}
    for t in fixture.trained:
        first.setdefault(t.task, t)
    prompts(fixture, "rl_prompts", list(zip([t["prompt"] for t in fixture.tasks], answers)))
    prompts(fixture, "rl_prompts_reflect", list(zip([first[i].prompt for i in range(len(answers))], answers)))
    print(f"OpenRLHF: {len(fixture.passed)} rows of sft, pairs of dpo, {len(answers)} prompts twice")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
