"""Replays stored rollouts, rows of the export format `sequences`, in verl.

    data.custom_cls.path=verl_replay.py data.custom_cls.name=ReplayDataset
    data.train_files=sequences/train-00000-of-00001.parquet
    actor_rollout_ref.rollout.agent.default_agent_loop=mulligan_replay
    actor_rollout_ref.rollout.n=1
    algorithm.adv_estimator=mulligan_stored
    algorithm.rollout_correction.rollout_is=token      # or bypass_mode=True: stored log-probabilities take the place of the old policy's
    env VERL_USE_EXTERNAL_MODULES=verl_replay          # in every process: registers the loop and the estimator

A row is split at prompt_len: what comes before it is prompt_ids, the rest is response_ids, with the row's loss_mask as response_mask: of
several sampled turns only the reflection trains. reward_score is the row's advantage, and the estimator mulligan_stored hands it
on as it is: the groups were compared when they were exported, and verl has no way to leave a missing sibling out of a group's mean.

Log-probabilities: verl corrects by the stored ones where algorithm.rollout_correction says so; without it they have no
effect. A ratio needs like and like: `processed` ones drawn at rollout.temperature from the whole distribution, or `raw`
ones and a rollout.temperature of 1. Anything else is an error, as is a row without any. A token of the loss whose
log-probability is NULL is an error, too (unknown: mask takes the token out of the loss instead): it is never taken for
0.0. logprobs: ignore gives them all up, and trains as if the current policy had drawn the rows. Both are arguments of
ReplayAgentLoop in the file of agent_loop_config_path.

Tested with: verl 0.9.1 in a worker without ray (RLHFDataset's collate_fn, AgentLoopWorker's own post-processing, compute_advantage,
rollout correction and policy loss). By contract, not run: a whole PPO run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import numpy as np
import torch
from verl.experimental.agent_loop.agent_loop import AgentLoopBase, AgentLoopMetrics, AgentLoopOutput, register
from verl.trainer.ppo.core_algos import register_adv_est

COLUMNS = (
    "sequence_id", "input_ids", "prompt_len", "loss_mask", "logprobs", "logprobs_mode", "advantages", "reward", "temperature", "top_p", "top_k",
)  # fmt: skip


class ReplayDataset(torch.utils.data.Dataset[dict[str, Any]]):
    """Rows of `sequences`, each under the one key mulligan_row: their own names are those of tensors in verl."""

    def __init__(
        self, data_files: str | Sequence[str], tokenizer: Any = None, config: Any = None, processor: Any = None, max_samples: int = -1
    ) -> None:
        files = [data_files] if isinstance(data_files, str) else list(data_files)
        rows = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=(config or {}).get("cache_dir"))
        missing = [c for c in COLUMNS if c not in rows.column_names]
        if missing:
            raise ValueError(f"{files[0]}: no column {', '.join(missing)}: want the export format sequences")
        self.rows = rows.select_columns(list(COLUMNS))
        if max_samples > 0:
            self.rows = self.rows.select(range(min(max_samples, len(self.rows))))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> dict[str, Any]:
        row = self.rows[i]
        return {
            "raw_prompt": [{"role": "user", "content": row["sequence_id"]}],
            "mulligan_row": row,
            "agent_name": "mulligan_replay",
            "data_source": "mulligan",
            "index": i,
            "dummy_tensor": torch.tensor([0], dtype=torch.uint8),  # a batch of verl holds at least one tensor
        }


@register("mulligan_replay")
class ReplayAgentLoop(AgentLoopBase):
    """Returns a stored row where another loop would draw."""

    def __init__(self, *args: Any, logprobs: str = "use", unknown: str = "refuse", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for option, value, allowed in (("logprobs", logprobs, ("use", "ignore")), ("unknown", unknown, ("refuse", "mask"))):
            if value not in allowed:
                raise ValueError(f"{option} is {value!r}: want {' or '.join(allowed)}")
        self.logprobs, self.unknown = logprobs, unknown

    async def run(self, sampling_params: dict[str, Any], **kwargs: Any) -> AgentLoopOutput:
        row = kwargs["mulligan_row"]
        name = f"row {kwargs.get('index')} ({row['sequence_id']})"
        ids, mask, at = list(row["input_ids"]), [int(m) for m in row["loss_mask"]], int(row["prompt_len"])
        if len(mask) != len(ids) or any(m not in (0, 1) for m in mask):
            raise ValueError(f"{name}: column loss_mask: want {len(ids)} elements 0 or 1, one for each id")
        if not 0 < at < len(ids) or any(mask[:at]) or not any(mask):
            raise ValueError(f"{name}: column loss_mask: want ones, and only after prompt_len ({at}) of {len(ids)} tokens")
        config = self.rollout_config
        if at > config.prompt_length or len(ids) - at > config.response_length:
            raise ValueError(
                f"{name}: columns prompt_len, input_ids: {at} and {len(ids) - at} tokens, rollout.prompt_length and response_length are "
                f"{config.prompt_length} and {config.response_length}"
            )
        logprobs = None
        if self.logprobs == "use":
            _comparable(name, row, float(config.temperature))
            logprobs = _logprobs(name, row["logprobs"], mask, self.unknown)[at:]
        return AgentLoopOutput(
            prompt_ids=ids[:at],
            response_ids=ids[at:],
            response_mask=mask[at:],
            response_logprobs=logprobs,
            reward_score=_advantage(name, row["advantages"], list(row["loss_mask"])),
            num_turns=2,
            metrics=AgentLoopMetrics(),
            extra_fields={"turn_scores": [], "tool_rewards": [], "reward_extra_info": {"stored_reward": float(row["reward"])}},
        )


@register_adv_est("mulligan_stored")
def stored_advantage(token_level_rewards: torch.Tensor, response_mask: torch.Tensor, **_: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """The score of a sample as advantage of each of its tokens; (batch, response_length), as are advantages and returns."""
    advantages = token_level_rewards.sum(dim=-1, keepdim=True) * response_mask
    return advantages, advantages


def _advantage(name: str, advantages: Sequence[float] | None, mask: Sequence[int]) -> float:
    if advantages is None or len(advantages) != len(mask):
        raise ValueError(f"{name}: column advantages: want one for each id; export a run whose strategy computes advantages")
    trained = {float(a) for a, m in zip(advantages, mask) if m}
    if len(trained) != 1 or not np.isfinite(next(iter(trained))):
        raise ValueError(f"{name}: column advantages: want one finite value on all tokens of the loss, not {sorted(trained)}")
    return trained.pop()


def _logprobs(name: str, logprobs: Sequence[float | None] | None, mask: list[int], unknown: str) -> list[float]:
    """One for each id, 0.0 outside of the loss. Takes tokens out of the mask where unknown is mask."""
    if logprobs is None:
        raise ValueError(f"{name}: column logprobs is NULL: no ratio can be made of it; logprobs: ignore trains without any")
    if len(logprobs) != len(mask):
        raise ValueError(f"{name}: column logprobs: {len(logprobs)} elements for {len(mask)} ids")
    out = []
    for i, lp in enumerate(logprobs):
        if not mask[i]:
            lp = 0.0
        elif lp is None and unknown == "mask":
            mask[i], lp = 0, 0.0
        elif lp is None:
            raise ValueError(f"{name}: column logprobs: element {i} is NULL, in the loss: unknown: mask leaves such tokens out")
        elif not lp <= 0:
            raise ValueError(f"{name}: column logprobs: element {i} is {lp}: want at most 0")
        out.append(float(lp))
    return out


def _comparable(name: str, row: Mapping[str, Any], temperature: float) -> None:
    """Raises where the stored log-probabilities are of another distribution than those that the trainer computes."""
    if row["logprobs_mode"] == "raw":
        if temperature != 1.0:
            raise ValueError(f"{name}: column logprobs_mode is raw, of temperature 1: set rollout.temperature to 1 (it is {temperature})")
    elif row["logprobs_mode"] != "processed":
        raise ValueError(f"{name}: column logprobs_mode is {row['logprobs_mode']}: want raw or processed, or logprobs: ignore")
    elif row["temperature"] is None or abs(row["temperature"] - temperature) > 1e-6:
        raise ValueError(f"{name}: column temperature is {row['temperature']}: set rollout.temperature to it (it is {temperature})")
    elif row["top_p"] != 1 or row["top_k"] != 0:
        raise ValueError(f"{name}: columns top_p, top_k are {row['top_p']}, {row['top_k']}: a ratio needs the whole distribution (1, 0)")
