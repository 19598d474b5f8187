"""Replays stored rollouts, rows of the export format `sequences`, in slime: files for --load-debug-rollout-data.

    python slime_replay.py sequences/train-*.parquet OUT [--batch ROWS] [--temperature T] [--logprobs use|ignore] [--unknown refuse|mask]

writes OUT/0.pt, OUT/1.pt, ... of ROWS rows each, of the files of one split of an export; slime reads one for each rollout:

    --load-debug-rollout-data OUT/{rollout_id}.pt --rollout-batch-size ROWS --n-samples-per-prompt 1 --disable-rewards-normalization
    --use-tis          # or --use-rollout-logprobs: without one, stored log-probabilities have no effect

A row becomes a Sample: tokens, all ids; response_length, what comes after prompt_len; loss_mask, the row's over the
response: of several sampled turns only the reflection trains; rollout_log_probs, 0.0 where loss_mask is 0; reward, the
row's advantage, which --disable-rewards-normalization hands on as it is: the groups were compared when they were
exported. metadata.raw_reward is the row's reward.

Log-probabilities: a ratio needs like and like: `processed` ones drawn at --rollout-temperature from the whole
distribution, or `raw` ones and a temperature of 1. Anything else is an error, as is a row without any. A token of the
loss whose log-probability is NULL is an error, too (unknown=mask takes the token out of the loss instead): it is never
taken for 0.0. logprobs=ignore gives them all up, and trains as if the current policy had drawn the rows. The last rows,
where they are fewer than ROWS, are left out and counted.

By contract: slime has no wheel on the package index. Written against slime/utils/types.py (Sample),
slime/observability/rollout_data_utils.py (load_debug_rollout_data) and slime/ray/rollout.py of THUDM/slime at
624b824a898ab0ec1fcb4d373004c7f3852bf515.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

COLUMNS = (
    "sequence_id", "input_ids", "prompt_len", "loss_mask", "logprobs", "logprobs_mode", "advantages", "reward", "temperature", "top_p", "top_k",
)  # fmt: skip


def sample(i: int, row: Mapping[str, Any], temperature: float = 1.0, logprobs: str = "use", unknown: str = "refuse") -> dict[str, Any]:
    """A row as slime's Sample.from_dict reads it; i is its number. temperature is --rollout-temperature."""
    _check_options(logprobs, unknown)
    name, ids, mask = _row(i, row)
    at = int(row["prompt_len"])
    if not 0 < at < len(ids) or any(mask[:at]):
        raise ValueError(f"{name}: column loss_mask: want ones only after prompt_len ({at}) of {len(ids)} tokens")
    advantage = _advantage(name, row["advantages"], list(mask))
    stored = None
    if logprobs == "use":
        _comparable(name, row, temperature)
        stored = _logprobs(name, row["logprobs"], mask, unknown)[at:]
    return {
        "group_index": i,
        "index": i,
        "rollout_id": i,
        "prompt": str(row["sequence_id"]),
        "tokens": ids,
        "response": "",
        "response_length": len(ids) - at,
        "reward": advantage,
        "loss_mask": mask[at:],
        "rollout_log_probs": stored,
        "status": "completed",
        "metadata": {"raw_reward": float(row["reward"])},
    }


def files(rows: Iterable[Mapping[str, Any]], batch: int, **options: Any) -> Iterator[dict[str, Any]]:
    """What each file holds, in order: batch samples, and the number of the rollout. An incomplete last batch is left out."""
    samples: list[dict[str, Any]] = []
    rollout = 0
    for i, row in enumerate(rows):
        samples.append(sample(i, row, **options))
        if len(samples) == batch:
            yield {"rollout_id": rollout, "samples": samples}
            samples, rollout = [], rollout + 1


def shards(paths: Sequence[Path]) -> list[Path]:
    """The Parquet files that are meant, of folders those in them. Files of several splits are an error: the test split would train."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        if not inside:
            raise ValueError(f"{path}: no Parquet files: want a folder of the export format sequences")
        found += inside
    splits = sorted({re.sub(r"-\d+-of-\d+$", "", f.stem) for f in found if re.search(r"-\d+-of-\d+$", f.stem)})
    if len(splits) > 1:
        raise ValueError(f"the files are of the splits {', '.join(splits)}: name those of one, for example {splits[-1]}-*.parquet")
    return found


def main() -> None:
    import pyarrow.parquet

    p = argparse.ArgumentParser(description="Writes rows of the export format sequences as slime's debug rollout data.")
    p.add_argument("sequences", type=Path, nargs="+", help="Parquet files of the format sequences, of one split, or a folder with one split")
    p.add_argument("out", type=Path, help="folder for the files")
    p.add_argument("--batch", type=int, default=256, help="rows a file: --rollout-batch-size of slime")
    p.add_argument("--temperature", type=float, default=1.0, help="--rollout-temperature of slime")
    p.add_argument("--logprobs", default="use", choices=["use", "ignore"])
    p.add_argument(
        "--unknown", default="refuse", choices=["refuse", "mask"], help="what becomes of tokens whose log-probability is not known"
    )
    a = p.parse_args()
    rows = [r for f in shards(a.sequences) for r in pyarrow.parquet.ParquetFile(f).read(columns=list(COLUMNS)).to_pylist()]
    a.out.mkdir(parents=True, exist_ok=True)
    n = 0
    for content in files(rows, a.batch, temperature=a.temperature, logprobs=a.logprobs, unknown=a.unknown):
        torch.save(content, a.out / f"{content['rollout_id']}.pt")
        n += 1
    print(f"{n} files of {a.batch} rows; {len(rows) - n * a.batch} rows left out")


def _row(i: int, row: Mapping[str, Any]) -> tuple[str, list[int], list[int]]:
    """Name, ids and loss mask of a row."""
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


def _check_options(logprobs: str, unknown: str) -> None:
    for option, value, allowed in (("logprobs", logprobs, ("use", "ignore")), ("unknown", unknown, ("refuse", "mask"))):
        if value not in allowed:
            raise ValueError(f"{option} is {value!r}: want {' or '.join(allowed)}")


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
        raise ValueError(f"{name}: column logprobs is NULL: no ratio can be made of it; logprobs=ignore trains without any")
    if len(logprobs) != len(mask):
        raise ValueError(f"{name}: column logprobs: {len(logprobs)} elements for {len(mask)} ids")
    out = []
    for i, lp in enumerate(logprobs):
        if not mask[i]:
            lp = 0.0
        elif lp is None and unknown == "mask":
            mask[i], lp = 0, 0.0
        elif lp is None:
            raise ValueError(f"{name}: column logprobs: element {i} is NULL, in the loss: unknown=mask leaves such tokens out")
        elif not lp <= 0:
            raise ValueError(f"{name}: column logprobs: element {i} is {lp}: want at most 0")
        out.append(float(lp))
    return out


def _comparable(name: str, row: Mapping[str, Any], temperature: float) -> None:
    """Raises where the stored log-probabilities are of another distribution than those that the trainer computes."""
    mode = row["logprobs_mode"]
    if mode == "raw":
        if temperature != 1.0:
            raise ValueError(f"{name}: column logprobs_mode is raw, of temperature 1: set --rollout-temperature to 1 (it is {temperature})")
    elif mode != "processed":
        raise ValueError(f"{name}: column logprobs_mode is {mode}: want raw or processed, or logprobs=ignore")
    elif row["temperature"] is None or abs(row["temperature"] - temperature) > 1e-6:
        raise ValueError(f"{name}: column temperature is {row['temperature']}: set --rollout-temperature to it (it is {temperature})")
    elif row["top_p"] != 1 or row["top_k"] != 0:
        raise ValueError(f"{name}: columns top_p, top_k are {row['top_p']}, {row['top_k']}: a ratio needs the whole distribution (1, 0)")


if __name__ == "__main__":
    main()
