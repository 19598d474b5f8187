"""Loads an export of exporttest.Chat with the classes of verifiers 0.4.0, unchanged. Argument: FOLDER.

Its tasksets are code, and it depends on no reader of Parquet, so this one reads the twins in JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import verifiers.v1 as vf
from chat import Chat
from verifiers.v1.trace import TraceTask


class Data(vf.TaskData):
    answer: str
    info: str


class Tasks(vf.Taskset[vf.Task[Data]]):
    """The rows of rl_prompts as a user's taskset yields them."""

    rows: list[dict[str, Any]] = []

    def load(self) -> Iterator[vf.Task[Data]]:
        for row in self.rows:
            data = Data(id=str(row["example_id"]), prompt=row["prompt"], answer=row["answer"], info=row["info"])
            yield vf.Task[Data](data, vf.TaskConfig())


def rl_prompts(chat: Chat, name: str) -> None:
    tasks = Tasks(vf.TasksetConfig())
    tasks.rows = chat.lines(name)
    loaded = list(tasks)
    got = [[{"role": m.role, "content": m.content} for m in t.data.prompt] for t in loaded]
    assert got == chat.prompts[name], f"{name}: prompts"
    assert len({t.key for t in loaded}) == len(loaded)
    for task in loaded:
        assert json.loads(task.data.answer) == json.loads(task.data.info)["ground_truth"]


def nodes(row: dict[str, Any]) -> list[vf.MessageNode]:
    """A row of sequences as message nodes: each ends with what the policy sampled. Only tokens of the loss are in the mask."""
    sampled, size = row["sampled_mask"], len(row["input_ids"])
    ends = [i + 1 for i in range(size) if sampled[i] and (i + 1 == size or not sampled[i + 1])]
    all_nodes: list[vf.MessageNode] = []
    start = 0
    for end in ends:
        mask = [m == 1 for m in row["loss_mask"][start:end]]
        at = [i for i in range(start, end) if row["loss_mask"][i]]
        all_nodes.append(
            vf.MessageNode(
                parent=len(all_nodes) - 1 if all_nodes else None,
                message=vf.AssistantMessage(content=""),
                sampled=True,
                token_ids=row["input_ids"][start:end],
                mask=mask,
                logprobs=[row["logprobs"][i] or 0.0 for i in at],
                advantages=[row["advantages"][i] for i in at] or None,
                loss_weights={"rl": [float(m) for m in mask]},
            )
        )
        start = end
    assert start == size, "tokens behind the last sampled one"
    return all_nodes


def sequences(chat: Chat) -> None:
    for i, (row, e) in enumerate(zip(chat.lines("sequences"), chat.trained, strict=True)):
        task = TraceTask(type="Task", data=vf.TaskData(prompt="task"))
        trace = vf.Trace(task=task, agent=vf.AgentInfo(config=vf.AgentConfig()), nodes=nodes(row))
        wire = vf.WireTrace.model_validate(trace.model_dump(mode="python"))
        for t in (trace, wire):
            (branch,) = t.branches
            assert branch.token_ids == row["input_ids"], f"row {i}: ids"
            assert [t for t, m in zip(branch.token_ids, branch.sampled_mask) if m] == e["ids"], f"row {i}: mask"
            assert branch.advantages == row["advantages"], f"row {i}: advantages"
            weights = branch.loss_weights("rl")
            assert weights == [float(m) for m in row["loss_mask"]], f"row {i}: weights"
            logprobs = [p or 0.0 if m else 0.0 for p, m in zip(row["logprobs"], row["loss_mask"])]
            assert branch.logprobs == logprobs, f"row {i}: logprobs"


def main(folder: Path) -> None:
    chat = Chat(folder)
    for name in chat.prompts:
        rl_prompts(chat, name)
    sequences(chat)
    print(f"verifiers: {sum(map(len, chat.prompts.values()))} prompts, {len(chat.trained)} sequences")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
