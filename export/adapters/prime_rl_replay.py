"""Stored rollouts, rows of the export format `sequences`, as prime-rl's record of training: TrainingSample.

    from prime_rl.transports.rollouts.types import TrainingSample
    samples = [TrainingSample(**prime_rl_replay.sample(i, row)) for i, row in enumerate(rows)]   # for prime_rl.trainer.batch.prepare_batch

All lists have the length T of the row: token_ids; mask, True where the row's loss_mask is 1, so that of several sampled
turns only the reflection trains; logprobs, 0.0 where mask is False; temperatures, those that the log-probabilities are
of; advantages, 0.0 where mask is False. prime-rl normalises nothing after this: the groups were compared when they were
exported.

Log-probabilities: prime-rl corrects by the ratio of its own, at a token's temperature, to the stored ones. `raw` ones
are of temperature 1, `processed` ones of the temperature that the row was drawn at, from the whole distribution.
Anything else is an error, as is a row without any. A token of the loss whose log-probability is NULL is an error, too
(unknown="mask" takes the token out of the loss instead): it is never taken for 0.0.

prime-rl lets only tokens of the live policy into its rl component, and checks so in its configuration; stored rows of
an older policy are for its off-policy bounds (the importance ratio's clip) to judge. With ce=True rows with a reward
above 0 go into the ce component instead: negative log-likelihood on the reflection, rl_weights 0.0, no advantages.

By contract: prime-rl is not on the package index. Written against src/prime_rl/transports/rollouts/types.py and
src/prime_rl/trainer/batch.py of PrimeIntellect-ai/prime-rl at 559b44772e471d1538537b8805cc77f3824a5e64.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

COLUMNS = (
    "sequence_id", "input_ids", "loss_mask", "logprobs", "logprobs_mode", "advantages", "reward", "temperature", "top_p", "top_k",
)  # fmt: skip


def sample(i: int, row: Mapping[str, Any], env_name: str = "mulligan", unknown: str = "refuse", ce: bool = False) -> dict[str, Any]:
    """A row as arguments of TrainingSample; i is its number, for errors. ce: see above; a row without reward is an error then."""
    name, ids, mask = _row(i, row, unknown)
    if env_name == "all":
        raise ValueError("env_name is all: prime-rl keeps that name for itself")
    if ce:
        if not float(row["reward"]) > 0:
            raise ValueError(f"{name}: column reward is {row['reward']}: with ce want rows with a reward above 0")
        return {
            "token_ids": ids,
            "mask": [bool(m) for m in mask],
            "logprobs": [0.0] * len(ids),
            "temperatures": [1.0] * len(ids),
            "env_name": env_name,
            "rl_weights": [0.0] * len(ids),
            "ce_weights": [float(m) for m in mask],
        }
    temperature = 1.0 if row["logprobs_mode"] == "raw" else row["temperature"]
    if temperature is None:
        raise ValueError(f"{name}: column temperature is NULL: the log-probabilities are of several temperatures")
    _comparable(name, row, float(temperature))
    advantage = _advantage(name, row["advantages"], list(mask))
    logprobs = _logprobs(name, row["logprobs"], mask, unknown)
    return {
        "token_ids": ids,
        "mask": [bool(m) for m in mask],
        "logprobs": logprobs,
        "temperatures": [float(temperature)] * len(ids),
        "env_name": env_name,
        "advantages": [advantage * m for m in mask],
    }


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
