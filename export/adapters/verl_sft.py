"""Trains verl's SFT trainer on rows of the export format `sft_tokens_mask`: ids and loss mask as they are.

    data.train_files=[EXPORT/sft_tokens_mask/train-00000-of-00001.parquet]
    data.custom_cls.path=export/adapters/verl_sft.py data.custom_cls.name=TokensDataset
    data.pad_mode=no_padding data.max_length=8192

verl's own MultiTurnSFTDataset trains every message of the assistant, so of `sft_messages` and `sft` it would train the attempt that
failed as well; no shape of a file keeps it from that. This class takes what was sampled, and trains the reflection alone.

A row longer than max_length is an error, or with data.truncation=drop left out: rows end with the reflection, so a cut would take
off what they are for. Every row must hold a 1 behind its first token, and as many loss_mask as input_ids.

Tested with: verl 0.9.1, torch 2.15.0 on a CPU (create_sft_dataset, SFTTensorCollator, sft_loss). By contract, not run: several GPUs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow.parquet
import torch
from torch.utils.data import Dataset


class TokensDataset(Dataset):
    """A data set of verl's SFT trainer, which makes it with these arguments (verl.trainer.sft_trainer.create_sft_dataset)."""

    def __init__(
        self,
        parquet_files: str | Sequence[str],
        tokenizer: Any = None,
        config: Any = None,
        processor: Any = None,
        max_samples: int = -1,
    ) -> None:
        config = config or {}
        self._pad_mode = str(config.get("pad_mode", "no_padding"))
        self._max_length = int(config.get("max_length", 1024))
        truncation = config.get("truncation", "error")
        if self._pad_mode not in ("no_padding", "right"):
            raise ValueError(f"data.pad_mode is {self._pad_mode!r}: want no_padding or right")
        if truncation not in ("error", "drop"):
            raise ValueError(f"data.truncation is {truncation!r}: want error or drop; a cut would take off the reflection")
        self._pad = getattr(tokenizer, "pad_token_id", None) or 0
        self._rows: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.dropped = 0  # rows longer than max_length
        for path in [parquet_files] if isinstance(parquet_files, str) else parquet_files:
            self._read(path, drop=truncation == "drop")
        if max_samples > 0:
            self._rows = self._rows[:max_samples]
        if not self._rows:
            raise ValueError("no rows of the format sft_tokens_mask")

    def _read(self, path: str, drop: bool) -> None:
        table = pyarrow.parquet.read_table(path, columns=["input_ids", "loss_mask"])
        for i, row in enumerate(table.to_pylist()):
            ids, mask = row["input_ids"], row["loss_mask"]
            name = f"{path}: row {i}"
            if ids is None or mask is None or len(ids) != len(mask):
                raise ValueError(f"{name}: column loss_mask: want one for each of input_ids")
            if set(mask) - {0, 1} or mask[:1] == [1] or 1 not in mask:
                raise ValueError(f"{name}: column loss_mask: want 0 and 1, a 1 among them, and a 0 first")
            if len(ids) > self._max_length and drop:
                self.dropped += 1
                continue
            if len(ids) > self._max_length:
                raise ValueError(f"{name}: {len(ids)} tokens, data.max_length is {self._max_length}: raise it, or set data.truncation=drop")
            self._rows.append((torch.tensor(ids, dtype=torch.long), torch.tensor(mask, dtype=torch.long)))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, i: int) -> dict[str, torch.Tensor]:
        ids, mask = self._rows[i]
        row = {"input_ids": ids, "position_ids": torch.arange(len(ids)), "loss_mask": mask}
        if self._pad_mode == "no_padding":
            return row
        n = self._max_length - len(ids)
        row["attention_mask"] = torch.ones_like(ids)
        return {k: torch.nn.functional.pad(v, (0, n), value=self._pad if k == "input_ids" else 0) for k, v in row.items()}
