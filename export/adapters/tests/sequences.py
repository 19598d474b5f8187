"""Rows of the export format `sequences`, with the log-probabilities of a model that is at hand."""

from __future__ import annotations

from typing import Any

import torch

GROUP = 4


def rows(model: Any, shift: float = 0.0, groups: int = 2, **columns: Any) -> list[dict[str, Any]]:
    """Attempt, reflection and retry were sampled by the model, the reflection trains. shift is added to its log-probabilities."""
    draws = torch.Generator().manual_seed(3)
    out = []
    for i in range(groups * GROUP):
        lens = [8, 4, 5, 3 + i, 6, 4]  # task, attempt, request, reflection, question, retry
        segments = [s for s, n in zip([0, 1, 0, 2, 0, 3], lens) for _ in range(n)]
        ids = torch.randint(3, 250, (len(segments),), generator=draws)
        with torch.no_grad():
            logps = model(ids[None]).logits[0].log_softmax(-1)
        logprobs = [0.0] + logps[:-1].gather(1, ids[1:, None])[:, 0].tolist()
        reward, loss = float(i % 3 == 0), [int(s == 2) for s in segments]
        row = {
            "sequence_id": f"sequence-{i}",
            "group_id": f"group-{i // GROUP}",
            "sample_index": i % GROUP,
            "input_ids": ids.tolist(),
            "prompt_len": 8,
            "sampled_mask": [int(s > 0) for s in segments],
            "segment_ids": segments,
            "loss_mask": loss,
            "logprobs": [lp + shift if s else 0.0 for lp, s in zip(logprobs, segments)],
            "logprobs_mode": "processed",
            "advantages": [(reward - 0.25 * i) * m for m in loss],
            "reward": reward,
            "temperature": 1.0,
            "top_p": 1.0,
            "top_k": 0,
            "policy_version": "tiny",
            "truncated": False,
        }
        out.append({**row, **columns})
    return out
