"""An export of exporttest.Chat and what a trainer has to make of it, read without any library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Chat:
    """FOLDER as TestTrainers writes it: data/FORMAT/, tokenizer/, expect.json."""

    def __init__(self, folder: Path) -> None:
        expect = json.loads((folder / "expect.json").read_text("utf-8"))
        self.folder = folder
        self.tokenizer = str(folder / "tokenizer")
        # {prompt, reflection, context_ids, ids, passed, reward, ...} in the order of the export
        self.trained: list[dict[str, Any]] = expect["trained"]
        self.passed = [t for t in self.trained if t["passed"]]
        groups = {t["group"]: t["prompt"] for t in self.trained}
        # What the two formats of prompts ask, row by row.
        self.prompts = {
            "rl_prompts": [t["prompt"] for t in expect["tasks"]],
            "rl_prompts_reflect": list(groups.values()),
        }
        assert len(self.passed) > 1 and len(self.passed) < len(self.trained), "nothing to tell apart"

    def files(self, name: str, ext: str = "parquet") -> list[str]:
        """The files of a format, by their names."""
        found = sorted(str(f) for f in (self.folder / "data" / name).glob(f"*.{ext}"))
        assert found, f"no files of {name}"
        return found

    def lines(self, name: str) -> list[dict[str, Any]]:
        """The rows of a format's twin in JSON lines."""
        text = "".join(Path(f).read_text("utf-8") for f in self.files(f"{name}_jsonl", "jsonl"))
        return [json.loads(line) for line in text.split("\n") if line]
