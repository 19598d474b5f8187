"""Rows of the export format `failures`, for a model that says nothing but sevens and eights."""

from __future__ import annotations

import json
from typing import Any


def row(i: int, question: str, output: str, answer: dict[str, str] | None) -> dict[str, Any]:
    return {
        "failure_id": f"failure-{i}",
        "task_id": f"task-{i}",
        "source": "test",
        "prompt": [{"role": "system", "content": "You answer with a number."}, {"role": "user", "content": question}],
        "prompt_messages": None,
        "tools": None,
        "answer": None if answer is None else json.dumps(answer),
        "meta": None,
        "output": output,
        "output_message": json.dumps({"role": "assistant", "content": output}),
        "stop": "stop",
        "reason": "it is not the number",
    }


ROWS = [row(0, "What is 3+4?", "8", {"value": "7"}), row(1, "What is 4+4?", "7", {"value": "8"})]  # ground truth as `number` wants it
UNDECIDABLE = row(2, "What is x?", "7", {"value": "x"})  # no verifier of numbers can judge this answer
