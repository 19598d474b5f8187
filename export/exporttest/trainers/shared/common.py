"""What the scripts of TRL and of the trainers built on it share: the fixture, a tiny model, and comparisons."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset, load_dataset
from transformers import AutoTokenizer, PreTrainedTokenizerBase, Qwen2Config, Qwen2ForCausalLM

Message = dict[str, str]
IGNORED = -100
NEWLINE = [10]  # what the chat template writes behind the end token; the policy does not


@dataclass
class Trained:
    """A reflection that trains."""

    prompt: list[Message]
    reflection: str
    context_ids: list[int]
    ids: list[int]
    passed: bool
    reward: float
    group: int
    task: int

    @property
    def completion(self) -> Message:
        return {"role": "assistant", "content": self.reflection}


@dataclass
class Fixture:
    """An export of exporttest.Chat, and what a trainer has to make of it."""

    folder: Path
    trained: list[Trained]
    tasks: list[dict[str, Any]]
    tokenizer: PreTrainedTokenizerBase

    @classmethod
    def read(cls, folder: Path) -> Fixture:
        expect = json.loads((folder / "expect.json").read_text("utf-8"))
        tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
        return cls(folder, [Trained(**t) for t in expect["trained"]], expect["tasks"], tokenizer)

    @property
    def passed(self) -> list[Trained]:
        return [t for t in self.trained if t.passed]

    @property
    def pairs(self) -> list[tuple[Trained, Trained]]:
        """Every sibling that passed against every one that failed."""
        return [(a, b) for a in self.passed for b in self.trained if a.group == b.group and not b.passed]

    def file(self, name: str) -> str:
        """The only file of a format."""
        (path,) = (self.folder / "data" / name).glob("*.parquet")
        return str(path)

    def load(self, name: str) -> Dataset:
        """A format as its users load it: from the export's folder, by its card."""
        return load_dataset(str(self.folder / "data"), name, split="train", cache_dir=str(self.folder / "cache"))

    def model(self) -> str:
        """A folder with a tiny model of random weights and the tokenizer, in which a trainer finds both."""
        path = self.folder / "model"
        if not path.exists():
            torch.manual_seed(0)
            config = Qwen2Config(
                vocab_size=264,
                hidden_size=16,
                intermediate_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                num_key_value_heads=1,
                max_position_embeddings=2048,
                bos_token_id=None,
                eos_token_id=self.tokenizer.eos_token_id,
                pad_token_id=self.tokenizer.pad_token_id,
            )
            Qwen2ForCausalLM(config).save_pretrained(path)
            self.tokenizer.save_pretrained(path)
        return str(path)


def loss_ids(ids: list[int], labels: list[int]) -> list[int]:
    """The ids that train; every label must be its own token's id, or ignored."""
    assert len(ids) == len(labels), f"{len(labels)} labels for {len(ids)} ids"
    assert all(label in (IGNORED, i) for i, label in zip(ids, labels)), "a label is not its token's id"
    return [label for label in labels if label != IGNORED]


def same(found: list[Any], want: list[Any], what: str) -> None:
    """Both hold the same rows, in any order."""
    key = lambda row: json.dumps(row, ensure_ascii=False, sort_keys=True)
    assert want, f"{what}: nothing to compare with"
    missing = [row for row in want if key(row) not in map(key, found)]
    assert sorted(map(key, found)) == sorted(map(key, want)), (
        f"{what}: {len(found)} rows, want {len(want)}\nfirst that is missing: {missing[:1]}\nfirst that was found: {found[:1]}"
    )


def reflection_loss(model: torch.nn.Module, rows: list[Trained], tail: list[int] = []) -> float:
    """The mean loss of the reflections' tokens (and a tail behind each) and of no others, computed row by row."""
    nats, count = 0.0, 0
    for row in rows:
        ids = row.ids + tail
        with torch.no_grad():
            logits = model(torch.tensor([row.context_ids + ids])).logits[0].float()
        start = len(row.context_ids) - 1
        target = torch.tensor(ids)
        nats += torch.nn.functional.cross_entropy(logits[start : start + len(ids)], target, reduction="sum").item()
        count += len(ids)
    return nats / count


def stepped(trainer: Any) -> float:
    """Trains as the trainer was told to, and returns the gradient's norm, which is finite and above 0."""
    trainer.train()
    norms = [entry["grad_norm"] for entry in trainer.state.log_history if "grad_norm" in entry]
    assert norms and all(0 < norm < float("inf") for norm in norms), f"gradient norms {norms}"
    return norms[-1]
