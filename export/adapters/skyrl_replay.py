"""Replays stored rollouts, rows of the export format `sequences`, in SkyRL.

    trainer.algorithm.advantage_estimator=mulligan_stored trainer.algorithm.zero_variance_filter=false generator.n_samples_per_prompt=1
    trainer.algorithm.off_policy_correction.tis_ratio_type=token   # without one, stored log-probabilities have no effect

    import skyrl_replay                                              # registers the estimator
    class Experiment(BasePPOExp):
        def get_train_dataset(self):
            return skyrl_replay.ReplayPrompts(rows)
        def get_generator(self, cfg, tokenizer, inference_engine_client):
            return skyrl_replay.ReplayGenerator(temperature=1.0)

A row is split at prompt_len: what comes before it is prompt_token_ids, the rest is response_ids, with the row's
loss_mask as loss_masks: of several sampled turns only the reflection trains. The reward is the row's advantage, and the
estimator mulligan_stored hands it on as it is: the groups were compared when they were exported, and SkyRL has no way
to leave a missing sibling out of a group's mean.

Log-probabilities: a ratio needs like and like: `processed` ones drawn at the trainer's temperature from the whole
distribution, or `raw` ones and a temperature of 1. Anything else is an error, as is a row without any. A token of the
loss whose log-probability is NULL is an error, too (unknown="mask" takes the token out of the loss instead): it is
never taken for 0.0. logprobs="ignore" gives them all up, and trains as if the current policy had drawn the rows.

Tested with: skyrl 0.4.0 (prepare_generator_input, validate_generator_output, batch tensors, advantages, off-policy correction and policy
loss). By contract, not run: a whole PPO run, step-wise trajectories.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from skyrl.backends.skyrl_train.utils.ppo_utils import register_advantage_estimator
from skyrl.train.generators.base import GeneratorInput, GeneratorInterface, GeneratorOutput

COLUMNS = (
    "sequence_id", "input_ids", "prompt_len", "loss_mask", "logprobs", "logprobs_mode", "advantages", "reward", "temperature", "top_p", "top_k",
)  # fmt: skip


class ReplayPrompts:
    """Stands in for SkyRL's PromptDataset over rows of `sequences`: each row is a prompt of its own."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.rows = list(rows)
        for i, row in enumerate(self.rows):
            missing = [c for c in COLUMNS if c not in row]
            if missing:
                raise ValueError(f"row {i}: no column {', '.join(missing)}: want the export format sequences")

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> tuple[list[dict[str, str]], None, dict[str, Any], str]:
        row = self.rows[i]
        return [{"role": "user", "content": row["sequence_id"]}], None, {"index": i, **{c: row[c] for c in COLUMNS}}, str(i)

    def collate_fn(self, items: Iterable[tuple[Any, Any, Any, str]]) -> list[dict[str, Any]]:
        return [{"prompt": p, "env_class": c, "env_extras": e, "uid": uid} for p, c, e, uid in items]


class ReplayGenerator(GeneratorInterface):
    """Returns stored rows where another generator would draw. temperature is the trainer's."""

    def __init__(self, temperature: float = 1.0, logprobs: str = "use", unknown: str = "refuse") -> None:
        for option, value, allowed in (("logprobs", logprobs, ("use", "ignore")), ("unknown", unknown, ("refuse", "mask"))):
            if value not in allowed:
                raise ValueError(f"{option} is {value!r}: want {' or '.join(allowed)}")
        self.temperature, self.logprobs, self.unknown = temperature, logprobs, unknown

    async def generate(self, input_batch: GeneratorInput, disable_tqdm: bool = False) -> GeneratorOutput:
        """env_extras are the rows, as ReplayPrompts hands them over."""
        out: dict[str, list[Any]] = {k: [] for k in ("prompt_token_ids", "response_ids", "rewards", "loss_masks", "rollout_logprobs")}
        rows = input_batch["env_extras"] or []
        for row in rows:
            name = f"row {row['index']} ({row['sequence_id']})"
            ids, mask, at = list(row["input_ids"]), [int(m) for m in row["loss_mask"]], int(row["prompt_len"])
            if len(mask) != len(ids) or any(m not in (0, 1) for m in mask):
                raise ValueError(f"{name}: column loss_mask: want {len(ids)} elements 0 or 1, one for each id")
            if not 0 < at < len(ids) or any(mask[:at]) or not any(mask):
                raise ValueError(f"{name}: column loss_mask: want ones, and only after prompt_len ({at}) of {len(ids)} tokens")
            out["rewards"].append(_advantage(name, row["advantages"], list(mask)))
            if self.logprobs == "use":
                _comparable(name, row, self.temperature)
                out["rollout_logprobs"].append(_logprobs(name, row["logprobs"], mask, self.unknown)[at:])
            out["prompt_token_ids"].append(ids[:at])
            out["response_ids"].append(ids[at:])
            out["loss_masks"].append(mask[at:])
        return {
            **out,
            "rollout_logprobs": out["rollout_logprobs"] if self.logprobs == "use" else None,
            "stop_reasons": ["stop"] * len(rows),
            "rollout_metrics": {"mulligan/stored_reward": sum(float(row["reward"]) for row in rows) / max(1, len(rows))},
            "trajectory_ids": None,
            "rollout_expert_indices": None,
            "is_last_step": None,
        }  # the fields left out are of multi-modal and step-wise runs


@register_advantage_estimator("mulligan_stored")
def stored_advantage(token_level_rewards: torch.Tensor, response_mask: torch.Tensor, **_: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """The reward of a row as advantage of each of its tokens; (batch, response_len), as are advantages and returns."""
    advantages = token_level_rewards.sum(dim=-1, keepdim=True) * response_mask
    return advantages, advantages


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
        raise ValueError(f'{name}: column logprobs is NULL: no ratio can be made of it; logprobs="ignore" trains without any')
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
        raise ValueError(f'{name}: column logprobs_mode is {mode}: want raw or processed, or logprobs="ignore"')
    elif row["temperature"] is None or abs(row["temperature"] - temperature) > 1e-6:
        raise ValueError(f"{name}: column temperature is {row['temperature']}: set the trainer's temperature to it (it is {temperature})")
    elif row["top_p"] != 1 or row["top_k"] != 0:
        raise ValueError(f"{name}: columns top_p, top_k are {row['top_p']}, {row['top_k']}: a ratio needs the whole distribution (1, 0)")
