"""A small model of transformers that answers as an engine does: ids in; ids, log-probabilities and why it stopped out."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import tiny
import torch
from transformers import AutoModelForCausalLM


@dataclass(frozen=True)
class Reply:
    ids: list[int]
    logprobs: list[float]
    stop: str  # stop, length


class Engine:
    """Says nothing but sevens, eights and its end token, and first what it is told to."""

    def __init__(self, folder: str, seed: int = 0) -> None:
        self.tokenizer = tiny.save(Path(folder))
        self.model = AutoModelForCausalLM.from_pretrained(folder)
        self.suppress = torch.tensor(tiny.only(self.tokenizer, "78"))
        self.contexts: list[list[int]] = []
        self.replies: list[str] = []  # their texts
        self.says: list[str] = []  # said first, in place of what the model would say
        self._draws, self._lock = torch.Generator().manual_seed(seed), threading.Lock()

    def draw(self, context: list[int], max_tokens: int) -> Reply:
        """One sample at temperature 1; its log-probabilities are those of the model over all tokens."""
        reply = self._draw(context, max_tokens)
        self.replies.append(self.tokenizer.decode(reply.ids, skip_special_tokens=True))
        return reply

    @torch.no_grad()
    def _draw(self, context: list[int], max_tokens: int) -> Reply:
        with self._lock:
            self.contexts.append(context)
            if self.says:
                ids = self.tokenizer(self.says.pop(0))["input_ids"]
                return Reply(ids, [-1.0] * len(ids), "stop" if ids[-1:] == [self.tokenizer.eos_token_id] else "length")
            ids: list[int] = []
            logprobs: list[float] = []
            while len(ids) < max_tokens:
                logits = self.model(torch.tensor([context + ids])).logits[0, -1]
                allowed = logits.index_fill(0, self.suppress, -torch.inf)
                ids.append(int(torch.multinomial(allowed.softmax(-1), 1, generator=self._draws)))
                logprobs.append(float(logits.log_softmax(-1)[ids[-1]]))
                if ids[-1] == self.tokenizer.eos_token_id:
                    return Reply(ids, logprobs, "stop")
            return Reply(ids, logprobs, "length")

    def logps(self, prompt: list[int], response: list[int]) -> torch.Tensor:
        """The model's log-probabilities of a response, with gradient; len(response)."""
        logits = self.model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1]
        return logits.log_softmax(-1).gather(1, torch.tensor(response)[:, None])[:, 0]
