"""Stored rollouts, rows of the export format `sequences`, as the training view of verifiers v1: Branch, of MessageNodes.

    branch = verifiers_replay.branch(i, row, decode=tokenizer.decode)     # branch.token_ids, .sampled_mask, .logprobs, .advantages

A node is a run of tokens that were all sampled, or all not. Its token_ids are what it adds; mask is True where the
row's loss_mask is 1, so that of several sampled turns only the reflection trains; logprobs and advantages are compact,
one for each True of mask, as verifiers has them. sampled tells which nodes the policy wrote. A row has ids and no
texts: decode gives the nodes their messages (None: empty ones), of role assistant where they were sampled and user
elsewhere.

Log-probabilities: a ratio needs like and like: `processed` ones drawn at the trainer's temperature from the whole
distribution, or `raw` ones and a temperature of 1. Anything else is an error, as is a row without any. A token of the
loss whose log-probability is NULL is an error, too (unknown="mask" takes the token out of the loss instead): it is
never taken for 0.0.

Tested with: verifiers 0.4.0. verifiers 0.1.14 has no such record; its trajectory steps are made by an environment
(verifiers_reflect.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from verifiers.v1.graph import MessageNode
from verifiers.v1.trace import Branch
from verifiers.v1.types import AssistantMessage, UserMessage

COLUMNS = (
    "sequence_id", "input_ids", "sampled_mask", "loss_mask", "logprobs", "logprobs_mode", "advantages", "temperature", "top_p", "top_k",
)  # fmt: skip


def branch(
    i: int, row: Mapping[str, Any], decode: Callable[[list[int]], str] | None = None, temperature: float = 1.0, unknown: str = "refuse"
) -> Branch:
    """A row as Branch; i is its number, for errors. temperature is the trainer's."""
    name, ids, mask = _row(i, row, unknown)
    sampled = [int(s) for s in row["sampled_mask"]]
    if len(sampled) != len(ids) or any(m > s for m, s in zip(mask, sampled)):
        raise ValueError(f"{name}: column sampled_mask: want one for each id, and 1 wherever loss_mask is 1")
    _comparable(name, row, temperature)
    advantage = _advantage(name, row["advantages"], list(mask))
    logprobs = _logprobs(name, row["logprobs"], mask, unknown)
    nodes: list[MessageNode] = []
    for policy, run in groupby(range(len(ids)), key=sampled.__getitem__):
        at = list(run)
        trained = [j for j in at if mask[j]]
        tokens = [ids[j] for j in at]
        text = decode(tokens) if decode is not None else ""
        nodes.append(
            MessageNode(
                parent=len(nodes) - 1 if nodes else None,
                message=AssistantMessage(content=text) if policy else UserMessage(content=text),
                sampled=bool(policy),
                token_ids=tokens,
                mask=[bool(mask[j]) for j in at],
                logprobs=[logprobs[j] for j in trained],
                advantages=[advantage] * len(trained) if trained else None,
            )
        )
    return Branch(index=0, nodes=nodes)


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
                f"{name}: column logprobs_mode is raw, of temperature 1: set temperature, the trainer's, to 1 (it is {temperature})"
            )
    elif mode != "processed":
        raise ValueError(f"{name}: column logprobs_mode is {mode}: want raw or processed")
    elif row["temperature"] is None or abs(row["temperature"] - temperature) > 1e-6:
        raise ValueError(f"{name}: column temperature is {row['temperature']}: set temperature, the trainer's, to it (it is {temperature})")
    elif row["top_p"] != 1 or row["top_k"] != 0:
        raise ValueError(f"{name}: columns top_p, top_k are {row['top_p']}, {row['top_k']}: a ratio needs the whole distribution (1, 0)")
