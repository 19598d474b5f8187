"""Loads an export of exporttest.Chat with the classes of verifiers 0.1.14, unchanged. Argument: FOLDER."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import verifiers as vf
from chat import Chat
from datasets import load_dataset
from verifiers.types import Response, ResponseMessage


class Scripted(vf.Client):
    """An engine that always answers the same."""

    def __init__(self) -> None:
        super().__init__(None)
        self.prompts: list[list[dict[str, str]]] = []

    def setup_client(self, config: Any) -> Any: ...

    async def to_native_tool(self, tool: Any) -> Any: ...

    async def to_native_prompt(self, messages: Any) -> tuple[Any, dict[str, Any]]:
        return messages, {}

    async def get_native_response(self, prompt: Any, model: str, sampling_args: Any, tools: Any = None, **kwargs: Any) -> str:
        self.prompts.append([{"role": m.role, "content": m.content} for m in prompt])
        return "an answer"

    async def raise_from_native_response(self, response: str) -> None: ...

    async def from_native_response(self, response: str) -> Response:
        message = ResponseMessage(content=response, finish_reason="stop", is_truncated=False)
        return Response(id="0", created=0, model="tiny", message=message)

    async def close(self) -> None: ...


def rl_prompts(chat: Chat, name: str) -> None:
    """Every row is played twice, and its reward function is called with its ground truth."""
    prompts = chat.prompts[name]
    rows = load_dataset("parquet", data_files=chat.files(name), split="train")
    calls: list[dict[str, Any]] = []

    def score(prompt: Any, completion: Any, answer: str, info: dict[str, Any]) -> float:
        calls.append({"completion": completion[-1].content, "answer": answer, "info": info})
        return float(info["ground_truth"]["target"])

    env = vf.SingleTurnEnv(dataset=rows, rubric=vf.Rubric(funcs=[score]))
    data = env.get_dataset()
    assert [[dict(m) for m in p] for p in data["prompt"]] == prompts, f"{name}: prompts"
    assert data["example_id"] == rows["example_id"] and len(set(data["example_id"])) == len(prompts)
    client = Scripted()
    inputs = [row for row in data for _ in range(2)]
    results = asyncio.run(env.generate(inputs, client, "tiny", on_start=lambda *a: None, on_progress=lambda *a: None))
    assert sorted(map(str, client.prompts)) == sorted(str(p) for p in prompts for _ in range(2)), f"{name}: what the engine was asked"
    truths = {row["example_id"]: json.loads(row["answer"]) for row in rows}
    outputs = results["outputs"]
    assert len(outputs) == 2 * len(prompts)
    for output in outputs:
        assert output["reward"] == truths[output["example_id"]]["target"], f"{name}: reward"
    assert len(calls) == len(outputs)
    for call in calls:
        assert call["completion"] == "an answer" and json.loads(call["answer"]) == call["info"]["ground_truth"]
        assert call["info"]["verifier"] == "countdown"


def main(folder: Path) -> None:
    chat = Chat(folder)
    for name in chat.prompts:
        rl_prompts(chat, name)
    print(f"verifiers_legacy: {sum(map(len, chat.prompts.values()))} prompts, each played twice")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
