"""Replays stored rollouts, rows of the export format `sequences`, in TRL's GRPOTrainer.

    replay = ReplayRollout(rows, num_generations=8)
    trainer = GRPOTrainer(..., train_dataset=Dataset.from_list(replay.dataset()), rollout_func=replay, reward_funcs=replay.reward)
    count_logprobs(trainer)  # without vLLM; else TRL ignores the stored log-probabilities without a word

One row of the data set is one group. A row is split at prompt_len: what comes before it is prompt_ids, the rest is completion_ids, with
the row's loss_mask as env_mask: of several sampled turns only the reflection trains. TRL computes the advantages itself, from
the stored rewards of the group (its deviation is sample_trl of Mulligan); the column advantages is not read.
A group with fewer rows than num_generations (reflections that were cut are not exported) is filled up with copies that
have no reward and env_mask 0: TRL takes them out of mean and deviation, and they train nothing. With a second reward function TRL would
not, so that is an error.

Log-probabilities: count_logprobs makes TRL correct by the ratio of its own to the stored ones, as it does with vLLM's.
A ratio needs like and like: `processed` ones drawn at the trainer's temperature from the whole distribution, or `raw`
ones and a trainer with temperature 1. Anything else is an error, as is a row without any. A token of the loss whose
log-probability is NULL is an error, too (unknown="mask" takes the token out of the loss instead): it is never taken for
0.0. logprobs="ignore" gives them all up, and trains as if the current policy had drawn the rows. Beware of
args.vllm_importance_sampling_mode: its default, sequence_mask, gives a row whose ratio lies above 3 the loss 0; watch
sampling/importance_sampling_ratio/mean in the trainer's log.

Tested with: trl 1.16.0, transformers 5.23.0, torch 2.15.0 on a CPU. By contract, not run: several processes, vLLM.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from trl import GRPOTrainer


class ReplayRollout:
    """A rollout_func of GRPOTrainer over rows of the export format `sequences`."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], num_generations: int, logprobs: str = "use", unknown: str = "refuse") -> None:
        for option, value, allowed in (("logprobs", logprobs, ("use", "ignore")), ("unknown", unknown, ("refuse", "mask"))):
            if value not in allowed:
                raise ValueError(f"{option} is {value!r}: want {' or '.join(allowed)}")
        self.num_generations, self.logprobs, self.unknown = num_generations, logprobs, unknown
        self._groups: dict[str, list[_Row]] = {}
        for i, row in enumerate(rows):
            r = _Row(i, row, self)
            group = self._groups.setdefault(r.group, [])
            if any(other.sample == r.sample for other in group):
                raise ValueError(
                    f"{r.name}: column sample_index: {r.sample} a second time in group {r.group}: TRL compares one sequence a rollout"
                )
            group.append(r)
            if len(group) > num_generations:
                raise ValueError(f"{r.name}: column group_id: group {r.group} has more than num_generations ({num_generations}) rows")
        if not self._groups:
            raise ValueError("no rows of the format sequences")

    def dataset(self) -> list[dict[str, str]]:
        """The rows to train on, one for each group; prompt is the group's id."""
        return [{"prompt": group} for group in self._groups]

    def __call__(self, prompts: Sequence[str], trainer: GRPOTrainer) -> dict[str, Any]:
        """Returns the stored rows of the groups. TRL hands over each prompt num_generations times, side by side."""
        self._ready(trainer)
        # A group's places are side by side over all processes, and the first is a multiple of num_generations.
        first = trainer.accelerator.process_index * len(prompts)
        out: dict[str, list[Any]] = {k: [] for k in ("prompt_ids", "completion_ids", "logprobs", "env_mask", "stored_reward")}
        for i, prompt in enumerate(prompts):
            group = self._groups.get(prompt)
            if group is None:
                raise ValueError(f"prompt {prompt!r} is not a group of this replay: train on dataset() of the same ReplayRollout")
            place = (first + i) % self.num_generations
            row = group[place] if place < len(group) else group[0]
            filler = place >= len(group)
            if self.logprobs == "use":
                row.comparable(trainer.temperature)
            out["prompt_ids"].append(row.prompt)
            out["completion_ids"].append(row.completion)
            out["logprobs"].append(row.logprobs)
            out["env_mask"].append([0] * len(row.mask) if filler else row.mask)
            out["stored_reward"].append(None if filler else row.reward)
        return {**out, "logprobs": out["logprobs"] if self.logprobs == "use" else None}

    def reward(self, *, stored_reward: Sequence[float | None], **columns: Any) -> list[float | None]:
        """The reward function that belongs to the replay: the stored rewards, None for what fills a group up."""
        return list(stored_reward)

    def _ready(self, trainer: GRPOTrainer) -> None:
        if len(trainer.reward_funcs) > 1:
            raise ValueError(
                f"{len(trainer.reward_funcs)} reward functions: TRL takes a reward that one of them lacks for 0: want that of the replay alone"
            )
        if trainer.mask_truncated_completions:
            raise ValueError("mask_truncated_completions would leave out rows that do not end with an end token: set it to False")
        drawn = trainer.num_generations if trainer.model.training else trainer.num_generations_eval
        if drawn != self.num_generations:
            raise ValueError(f"the trainer asks for {drawn} rows a group, the replay was made for {self.num_generations}")
        if self.logprobs == "ignore":
            if trainer.use_vllm and trainer.vllm_importance_sampling_correction:
                raise ValueError(
                    'logprobs is "ignore": set args.vllm_importance_sampling_correction to False, or TRL has nothing to correct by'
                )
        elif not (trainer.use_vllm and trainer.vllm_importance_sampling_correction):
            raise ValueError("the trainer ignores stored log-probabilities: call count_logprobs(trainer) after making it")


def count_logprobs(trainer: GRPOTrainer) -> None:
    """Makes a trainer without vLLM correct by stored log-probabilities, as it does by those of vLLM.

    TRL 1.16 reads log-probabilities of a rollout only where it believes that vLLM drew them; there is no option. Nothing is
    generated by the stand-in that is put in vLLM's place here.
    """
    for name in ("use_vllm", "vllm_importance_sampling_correction", "rollout_func"):
        if not hasattr(trainer, name):
            raise RuntimeError(f"GRPOTrainer has no attribute {name}: this adapter was tested with trl 1.16.0")
    if trainer.rollout_func is None:
        raise ValueError("the trainer has no rollout_func: it would generate with a vLLM that is not there")
    if not trainer.vllm_importance_sampling_correction:
        raise ValueError("args.vllm_importance_sampling_correction is False: stored log-probabilities would have no effect")
    if trainer.use_vllm:
        return
    trainer.use_vllm = True
    trainer._last_loaded_step = -1
    trainer.vllm_generation = SimpleNamespace(sync_weights=lambda: None)


class _Row:
    """A row of sequences, split at prompt_len."""

    def __init__(self, i: int, row: Mapping[str, Any], options: ReplayRollout) -> None:
        self.name = f"row {i} ({row.get('sequence_id')})"
        self._sampling = {k: row.get(k) for k in ("logprobs_mode", "temperature", "top_p", "top_k")}
        self.group, self.sample, self.reward = str(row["group_id"]), int(row["sample_index"]), float(row["reward"])
        ids, mask, at = list(row["input_ids"]), list(row["loss_mask"]), int(row["prompt_len"])
        if len(mask) != len(ids):
            raise ValueError(f"{self.name}: column loss_mask: {len(mask)} elements for {len(ids)} ids")
        if any(m not in (0, 1) for m in mask):
            raise ValueError(f"{self.name}: column loss_mask: an element is neither 0 nor 1")
        if not 0 < at < len(ids) or any(mask[:at]) or not any(mask):
            raise ValueError(f"{self.name}: column loss_mask: want ones, and only after prompt_len ({at}) of {len(ids)} tokens")
        self.prompt, self.completion, self.mask = ids[:at], ids[at:], mask[at:]
        self.logprobs: list[float] = []
        if options.logprobs == "use":
            self._take(row["logprobs"], len(ids), at, options.unknown)

    def _take(self, logprobs: Sequence[float | None] | None, n: int, at: int, unknown: str) -> None:
        if logprobs is None:
            raise ValueError(f'{self.name}: column logprobs is NULL: no ratio can be made of it; logprobs="ignore" trains without any')
        if len(logprobs) != n:
            raise ValueError(f"{self.name}: column logprobs: {len(logprobs)} elements for {n} ids")
        for j, lp in enumerate(logprobs[at:]):
            if not self.mask[j]:
                lp = 0.0
            elif lp is None and unknown == "mask":
                self.mask[j], lp = 0, 0.0
            elif lp is None:
                raise ValueError(
                    f'{self.name}: column logprobs: element {at + j} is NULL, in the loss: unknown="mask" leaves such tokens out'
                )
            elif not lp <= 0:
                raise ValueError(f"{self.name}: column logprobs: element {at + j} is {lp}: want at most 0")
            self.logprobs.append(lp)

    def comparable(self, temperature: float) -> None:
        """Raises where the stored log-probabilities are of another distribution than those that the trainer computes."""
        s = self._sampling
        if s["logprobs_mode"] == "raw":
            if temperature != 1.0:
                raise ValueError(
                    f"{self.name}: column logprobs_mode is raw, of temperature 1: set args.temperature to 1 (it is {temperature})"
                )
        elif s["logprobs_mode"] != "processed":
            raise ValueError(f'{self.name}: column logprobs_mode is {s["logprobs_mode"]}: want raw or processed, or logprobs="ignore"')
        elif s["temperature"] is None or abs(s["temperature"] - temperature) > 1e-6:
            raise ValueError(f"{self.name}: column temperature is {s['temperature']}: set args.temperature to it (it is {temperature})")
        elif s["top_p"] != 1 or s["top_k"] != 0:
            raise ValueError(
                f"{self.name}: columns top_p, top_k are {s['top_p']}, {s['top_k']}: a trainer's ratio needs the whole distribution (1, 0)"
            )
