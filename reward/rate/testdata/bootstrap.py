"""Reads rows of [k, n, k, n, ...], one a cluster, and prints 95% intervals of a bootstrap over clusters."""

import json
import sys

import numpy as np

rows = np.array(json.load(sys.stdin), dtype=float)
rng = np.random.default_rng(1)
rates = []
for _ in range(40000):
    total = rows[rng.integers(0, len(rows), len(rows))].sum(axis=0)
    rates.append(total[0::2] / total[1::2])
r = np.array(rates)


def interval(values: np.ndarray) -> list[float]:
    return [float(x) for x in np.quantile(values, [0.025, 0.975])]


print(
    json.dumps(
        {
            "Rate": interval(r[:, 0]),
            "Difference": interval(r[:, 0] - r[:, 1]),
            "Gain": interval(r[:, 0] - r[:, 1] - (r[:, 2] - r[:, 3])),
        }
    )
)
