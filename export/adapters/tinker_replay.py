"""Stored rollouts, rows of the export format `sequences`, as Tinker's record of training: tinker.Datum.

    data = [tinker_replay.datum(i, row) for i, row in enumerate(rows)]
    training_client.forward_backward(data, loss_fn="importance_sampling")      # or "ppo"

Tinker predicts the next token, so everything is shifted by one, length T-1 for a row of T tokens: model_input is the
row without its last token, target_tokens the row without its first; logprobs and advantages are those of the targets.
Where the row's loss_mask is 0 (the task, the attempt, the retry, whatever was not sampled) advantages and logprobs are
0.0: an advantage of 0.0 is what leaves a token out in Tinker, which takes no mask. Of several sampled turns only the
reflection trains.

Log-probabilities: Tinker corrects by the ratio of its own to the stored ones, at temperature 1. A ratio needs like and
like: `raw` ones, or `processed` ones drawn at temperature 1 from the whole distribution. Anything else is an error, as
is a row without any: Tinker has no loss that takes advantages without them. A token of the loss whose log-probability
is NULL is an error, too (unknown="mask" gives the token the advantage 0.0 instead): it is never taken for 0.0.

Tested with: tinker 0.38.0, tinker-cookbook 0.6.1: the record itself, and its loss as documented by Tinker (sum of ratio
times advantage), computed in the test. By contract, not run: Tinker's service.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import tinker

COLUMNS = (
    "sequence_id", "input_ids", "loss_mask", "logprobs", "logprobs_mode", "advantages", "temperature", "top_p", "top_k",
)  # fmt: skip


def datum(i: int, row: Mapping[str, Any], unknown: str = "refuse") -> tinker.Datum:
    """A row as tinker.Datum; i is its number, for errors."""
    name, ids, mask = _row(i, row, unknown)
    _comparable(name, row, 1.0)
    advantage = _advantage(name, row["advantages"], list(mask))
    logprobs = _logprobs(name, row["logprobs"], mask, unknown)
    return tinker.Datum(
        model_input=tinker.ModelInput.from_ints(ids[:-1]),
        loss_fn_inputs={
            "target_tokens": ids[1:],
            "logprobs": logprobs[1:],
            "advantages": [advantage * m for m in mask[1:]],
        },
    )


def _row(i: int, row: Mapping[str, Any], unknown: str) -> tuple[str, list[int], list[int]]:
    """Name, ids and loss mask of a row."""
    if unknown not in ("refuse", "mask"):
        raise ValueError(f"unknown is {unknown!r}: want refuse or mask")
    name = f"row {i} ({row.get('sequence_id')})"
    missing = [c for c in COLUMNS if c not in row]
    if missing:
        raise ValueError(f"{name}: no column {', '.join(missing)}: want the export format sequences")
    ids, mask = [int(t) for t in row["input_ids"]], [int(m) for m in row["loss_mask"]]
    if len(mask) != len(ids) or any(m not in (0, 1) for m in mask):
        raise ValueError(f"{name}: column loss_mask: want {len(ids)} elements 0 or 1, one for each id")
    if not ids or mask[0] or not any(mask):
        raise ValueError(f"{name}: column loss_mask: want ones, and not on the first token")
    return name, ids, mask


def _advantage(name: str, advantages: Sequence[float] | None, mask: Sequence[int]) -> float:
    if advantages is None or len(advantages) != len(mask):
        raise ValueError(f"{name}: column advantages: want one for each id; export a run whose strategy computes advantages")
    trained = {float(a) for a, m in zip(advantages, mask) if m}
    if len(trained) != 1 or not math.isfinite(next(iter(trained))):
        raise ValueError(f"{name}: column advantages: want one finite value on all tokens of the loss, not {sorted(trained)}")
    return trained.pop()


def _logprobs(name: str, logprobs: Sequence[float | None] | None, mask: list[int], unknown: str) -> list[float]:
    """One for each id, 0.0 outside of the loss. Takes tokens out of the mask where unknown is mask."""
    if logprobs is None:
        raise ValueError(f"{name}: column logprobs is NULL: no ratio can be made of it")
    if len(logprobs) != len(mask):
        raise ValueError(f"{name}: column logprobs: {len(logprobs)} elements for {len(mask)} ids")
    out = []
    for i, lp in enumerate(logprobs):
        if not mask[i]:
            lp = 0.0
        elif lp is None and unknown == "mask":
            mask[i], lp = 0, 0.0
        elif lp is None:
            raise ValueError(f'{name}: column logprobs: element {i} is NULL, in the loss: unknown="mask" leaves such tokens out')
        elif not lp <= 0:
            raise ValueError(f"{name}: column logprobs: element {i} is {lp}: want at most 0")
        out.append(float(lp))
    return out


def _comparable(name: str, row: Mapping[str, Any], temperature: float) -> None:
    """Raises where the stored log-probabilities are of another distribution than those that the trainer computes."""
    mode = row["logprobs_mode"]
    if mode == "raw":
        if temperature != 1.0:
            raise ValueError(
                f"{name}: column logprobs_mode is raw, of temperature 1: set the trainer's temperature to 1 (it is {temperature})"
            )
    elif mode != "processed":
        raise ValueError(f"{name}: column logprobs_mode is {mode}: want raw or processed")
    elif row["temperature"] is None or abs(row["temperature"] - temperature) > 1e-6:
        raise ValueError(f"{name}: column temperature is {row['temperature']}: set the trainer's temperature to it (it is {temperature})")
    elif row["top_p"] != 1 or row["top_k"] != 0:
        raise ValueError(f"{name}: columns top_p, top_k are {row['top_p']}, {row['top_k']}: a ratio needs the whole distribution (1, 0)")
