"""Prints the statistics of an export's episodes that the audit reports, computed another way: by pandas and numpy, from the columns."""

import json
import math
import sys

import numpy as np
import pandas as pd

rows = pd.read_parquet(sys.argv[1])


def count(passed: pd.Series) -> list[int]:
    return [int(passed.astype(bool).sum()), len(passed)]


def rates(part: pd.DataFrame) -> dict[str, list[int]]:
    attempts = part[part.arm == "attempts"]
    return {
        "first": count(attempts[attempts.sample_index == 0].first_passed),
        "attempts": count(attempts.first_passed),
        "retry": count(part[part.arm == "reflection"].retry_passed),
        "control": count(part[part.arm == "control"].retry_passed),
    }


def calls(arm: str, kind: str) -> pd.DataFrame:
    part = rows[rows.arm == arm].explode("calls")
    part = pd.concat([part[["task_id", "reward", "group_id"]].reset_index(drop=True), pd.DataFrame(list(part.calls))], axis=1)
    return part[(part.kind == kind) & part.sampled]


def lengths(part: pd.DataFrame) -> dict[str, list[float]]:
    out = {}
    for unit, values in (("tokens", part.completion_tokens), ("characters", part.content.str.len())):
        values = values.to_numpy(dtype=float)
        quantiles = np.quantile(values, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1], method="inverted_cdf")
        out[unit] = [len(values), *(int(q) for q in quantiles), round(float(values.mean()), 6)]
    return out


steps = {
    "attempt": calls("attempts", "attempt"),
    "reflection": calls("reflection", "reflection"),
    "retry": calls("reflection", "retry"),
    "control": calls("control", "retry"),
}
reflections = steps["reflection"]
by_task = rows[rows.arm == "attempts"].groupby("task_id").first_passed.agg(lambda s: s.astype(bool).mean())
groups = rows[rows.arm == "reflection"].groupby("group_id")
signal = groups.no_signal.first()
forms = reflections.content.str.casefold().str.split().str.join(" ")
x, y = reflections.completion_tokens.rank(), reflections.reward.rank()
longer = shorter = 0
for _, group in reflections.groupby("group_id"):
    good, bad = group[group.reward > 0].completion_tokens, group[group.reward <= 0].completion_tokens
    if len(good) and len(bad):
        longer += int(good.mean() > bad.mean() + 1e-9)
        shorter += int(good.mean() < bad.mean() - 1e-9)
p = sum(math.comb(longer + shorter, i) for i in range(min(longer, shorter) + 1)) * 2 / 2 ** (longer + shorter)
print(
    json.dumps(
        {
            "rates": rates(rows),
            "by_source": {name: rates(part) for name, part in rows.groupby("dataset")},
            "by_meta": {name: rates(part) for name, part in rows.groupby(rows.metadata.map(lambda m: json.loads(m)["difficulty"]))},
            "by_first": {
                name: int(((by_task > low) & (by_task <= high)).sum())
                for name, low, high in (
                    ("none passed", -1, 0),
                    ("25% to 50%", 0.25, 0.5),
                    ("all passed", 0.999, 1),
                )
            },
            "lengths": {step: lengths(part) for step, part in steps.items()},
            "truncated": {step: count(part.finish_reason == "length") for step, part in steps.items()},
            "leaks": count(reflections.leak),
            "trained": [int(reflections.trained.sum()), int(reflections[reflections.trained].completion_tokens.sum())],
            "rewarded": [
                int((reflections.trained & (reflections.reward > 0)).sum()),
                int(reflections[reflections.trained & (reflections.reward > 0)].completion_tokens.sum()),
            ],
            "signal": count(~signal.astype(bool)),
            "distinct": int(forms.nunique()),
            "spearman": round(float(np.corrcoef(x, y)[0, 1]), 9),
            "sides": [longer, shorter],
            "sign_test": round(min(1.0, p), 9),
        }
    )
)
