"""Restates reward.Divergence with numpy, over JSON lines.

Reads [[[log q, log p], ...], ...] a line: draws of pairs, null where one is not known. Writes the report.
"""

import json
import sys

import numpy as np


def ess(log_weights):
    w = np.exp(log_weights - log_weights.max())
    return float(w.sum() ** 2 / (w**2).sum())


def report(draws):
    nan = float("nan")
    pairs = [np.array([[nan if v is None else v for v in t] for t in d], dtype=np.float32).reshape(-1, 2).astype(np.float64) for d in draws]
    every = np.concatenate(pairs)
    known = every[~np.isnan(every).any(axis=1)]
    q, p = known[:, 0], known[:, 1]
    logr = p - q
    r = np.exp(logr)
    whole = [d for d in pairs if len(d) and not np.isnan(d).any()]
    return {
        "draws": len(pairs),
        "whole": len(whole),
        "tokens": len(known),
        "unknown": len(every) - len(known),
        "impossible": 0,
        "mean_abs": float(np.abs(logr).mean()),
        "max_abs": float(np.abs(logr).max()),
        "log_ratio": float(logr.mean()),
        "k1": float(-logr.mean()),
        "k2": float((logr**2 / 2).mean()),
        "k3": float(((r - 1) - logr).mean()),
        "token_ess": ess(logr),
        "sequence_ess": ess(np.array([(d[:, 1] - d[:, 0]).sum() for d in whole])) if whole else None,
        "outside": float(((r < 0.8) | (r > 1.2)).mean()),
        "behaviour_perplexity": float(np.exp(-q.mean())),
        "perplexity": float(np.exp(-p.mean())),
    }


for line in sys.stdin:
    print(json.dumps(report(json.loads(line))), flush=True)
