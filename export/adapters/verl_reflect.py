"""Reflect, Retry, Reward as a verl agent loop: the policy reflects and retries, Mulligan judges, the reflection trains.

For each row of the export format `failures`, a failed attempt that was kept earlier, the current policy writes a reflection and then
the retry that follows it. `mulligan serve` judges the retry; its verdict is the reward of the reflection's tokens, and of no
others (Bensal et al., arXiv 2505.24726). The conversation is that of a run: the task's messages, the failed attempt, "your
answer is wrong" with the request to reflect, the reflection, the question put again, the retry.

    data.train_files=failures/train-00000-of-00001.parquet
    data.custom_cls.path=verl_reflect.py data.custom_cls.name=FailuresDataset
    actor_rollout_ref.rollout.agent.agent_loop_config_path=loops.yaml
    actor_rollout_ref.rollout.agent.default_agent_loop=mulligan_reflect

    # loops.yaml: the arguments of ReflectAgentLoop; this file must be importable by the workers (PYTHONPATH)
    - name: mulligan_reflect
      _target_: verl_reflect.ReflectAgentLoop
      url: http://127.0.0.1:8730

What is returned: prompt_ids, the context that the reflection was drawn in; response_ids, the reflection, the question and the
retry, cut at rollout.response_length; response_mask, 1 on the reflection (its end token included) and 0 elsewhere; response_logprobs,
those of the reflection and 0.0 where response_mask is 0; reward_score. Where the chat template rewrites the reflection when it is
history (it takes a <think> block out), response_ids hold the reflection alone. rollout.response_length holds for each of
the two draws. A context longer than rollout.prompt_length is an error: cut from the left, as verl does, it is another task.

Undecided: verl has no reward "unknown", and any number would enter the mean of the group. Where Mulligan could not
decide, the retry is drawn again, `redraws` times; then it is an error that names the row. A reflection that was cut by
length keeps the reward of its retry, and has response_mask 0 unless train_truncated. A server that does not answer is
an error, never a reward.

Tested with: verl 0.9.1 in a worker without ray (collate_fn, AgentLoopWorker's own post-processing, GRPO advantages and policy loss; a
model of transformers behind the interface of LLMServerClient). By contract, not run: vLLM and SGLang servers, a whole PPO run.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import datasets
import torch
from verl.experimental.agent_loop.agent_loop import AgentLoopBase, AgentLoopMetrics, AgentLoopOutput, register

Message = dict[str, Any]

COLUMNS = ("failure_id", "prompt", "prompt_messages", "tools", "answer", "output_message")
FAILED = "Your answer is wrong."
REFLECT = (
    "Do not answer again yet. Reflect on what went wrong in your answer, and write a short explanation of your mistake that helps you to "
    "answer correctly the next time."
)
RETRY = "Now answer the original question again:\n\n{{.Question}}"


class FailuresDataset(torch.utils.data.Dataset[dict[str, Any]]):
    """Rows of `failures`, each under the one key mulligan_row: verl's RLHFDataset hands columns on as arguments, and `output` is taken."""

    def __init__(
        self, data_files: str | Sequence[str], tokenizer: Any = None, config: Any = None, processor: Any = None, max_samples: int = -1
    ) -> None:
        files = [data_files] if isinstance(data_files, str) else list(data_files)
        self.rows = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=(config or {}).get("cache_dir"))
        missing = [c for c in COLUMNS if c not in self.rows.column_names]
        if missing:
            raise ValueError(f"{files[0]}: no column {', '.join(missing)}: want the export format failures")
        self.rows = self.rows.select_columns(list(COLUMNS))
        if max_samples > 0:
            self.rows = self.rows.select(range(min(max_samples, len(self.rows))))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> dict[str, Any]:
        row = self.rows[i]
        return {
            "raw_prompt": row["prompt"],
            "mulligan_row": row,
            "agent_name": "mulligan_reflect",
            "data_source": "mulligan",
            "index": i,
            "dummy_tensor": torch.tensor([0], dtype=torch.uint8),  # a batch of verl holds at least one tensor
        }


@register("mulligan_reflect")
class ReflectAgentLoop(AgentLoopBase):
    """Plays one reflection and one retry. url and token default to MULLIGAN_SERVE and MULLIGAN_TOKEN of the worker's environment."""

    def __init__(
        self,
        *args: Any,
        url: str | None = None,
        token: str | None = None,
        verifier: str | None = None,  # needed where several are served
        reward: str = "binary",  # binary: 1 for a retry that passes, else 0; shaped: the verifier's score
        train_truncated: bool = False,  # train on reflections that were cut by length, too
        redraws: int = 3,  # of a retry that could not be decided
        end_ids: Sequence[int] | None = None,  # tokens that end a reply; None: the tokenizer's eos
        failed: str = FAILED,
        reflect: str = REFLECT,
        retry: str = RETRY,  # {{.Question}} is the last message of the task
        timeout: float = 60.0,  # seconds, for one request for a verdict
        tries: int = 5,  # of one request, while the server is busy or away
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if reward not in ("binary", "shaped"):
            raise ValueError(f"reward is {reward!r}: want binary or shaped")
        self.url = url or os.environ.get("MULLIGAN_SERVE", "")
        if not self.url:
            raise ValueError("no url of `mulligan serve`: give url, or set MULLIGAN_SERVE")
        self.token, self.verifier, self.shaped = token or os.environ.get("MULLIGAN_TOKEN"), verifier, reward == "shaped"
        self.train_truncated, self.redraws, self.timeout, self.tries = train_truncated, redraws, timeout, tries
        self.end_ids = set(end_ids or [self.tokenizer.eos_token_id])
        self.failed, self.reflect, self.retry = failed, reflect, retry

    async def run(self, sampling_params: dict[str, Any], **kwargs: Any) -> AgentLoopOutput:
        """kwargs hold mulligan_row, a row of the format failures."""
        name, task, attempt, tools, answer = _row(kwargs["mulligan_row"])
        started = time.monotonic()
        request = "\n\n".join(_render(text, task) for text in (self.failed, self.reflect))
        context = [*task, attempt, {"role": "user", "content": request}]
        prompt_ids = await self._ids(context, tools)
        if len(prompt_ids) > self.rollout_config.prompt_length:
            raise ValueError(
                f"{name}: its context has {len(prompt_ids)} tokens, rollout.prompt_length is {self.rollout_config.prompt_length}: "
                "raise it, or leave such rows out"
            )
        session = uuid4().hex
        reflection = await self._draw(session, prompt_ids, sampling_params)
        said = {"role": "assistant", "content": self._text(reflection.token_ids)}
        retry_ids = await self._ids([*context, said, {"role": "user", "content": _render(self.retry, task)}], tools)
        for _ in range(1 + self.redraws):
            retry = await self._draw(session, retry_ids, sampling_params)
            verdict = await self._judge(task, answer, self._text(retry.token_ids))
            if "error" not in verdict:
                break
        else:
            raise RuntimeError(f"{name}: {1 + self.redraws} retries could not be decided, the last: {verdict['error']}")

        ids = list(reflection.token_ids)
        cut = not ids or ids[-1] not in self.end_ids
        mask = [int(self.train_truncated or not cut)] * len(ids)
        logprobs = list(reflection.log_probs) if reflection.log_probs else None
        if retry_ids[: len(prompt_ids) + len(ids)] == prompt_ids + ids:
            rest = retry_ids[len(prompt_ids) + len(ids) :] + list(retry.token_ids)
            ids, mask = ids + rest, mask + [0] * len(rest)
        if logprobs is not None:
            logprobs = [lp if m else 0.0 for lp, m in zip(logprobs + [0.0] * len(ids), mask)]
        n = self.rollout_config.response_length
        seconds = time.monotonic() - started
        return AgentLoopOutput(
            prompt_ids=prompt_ids,
            response_ids=ids[:n],
            response_mask=mask[:n],
            response_logprobs=logprobs[:n] if logprobs is not None else None,
            reward_score=float(verdict["score"]) if self.shaped else float(bool(verdict["pass"])),
            num_turns=len(context) + 3,
            metrics=AgentLoopMetrics(generate_sequences=seconds),
            extra_fields={
                **reflection.extra_fields,
                "turn_scores": [],
                "tool_rewards": [],
                "reward_extra_info": {"retry_pass": float(bool(verdict["pass"])), "reflection_cut": float(cut)},
            },
        )

    async def _draw(self, session: str, prompt_ids: list[int], sampling_params: Mapping[str, Any]) -> Any:
        params = {**sampling_params, "max_tokens": self.rollout_config.response_length}
        return await self.server_manager.generate(request_id=session, prompt_ids=prompt_ids, sampling_params=params)

    async def _ids(self, messages: Sequence[Message], tools: list[Message] | None) -> list[int]:
        def render() -> list[int]:
            out = self.tokenizer.apply_chat_template(
                [_chat(m) for m in messages],
                tools=[{"type": "function", "function": t} for t in tools] if tools else None,
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                **self.apply_chat_template_kwargs,
            )
            return list(out["input_ids"])

        return await asyncio.to_thread(render)

    def _text(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(ids, skip_special_tokens=True))

    async def _judge(self, task: Sequence[Message], answer: Any, response: str) -> Mapping[str, Any]:
        item = {"id": 0, "answer": answer, "response": response, "messages": list(task)}
        if self.verifier is not None:
            item["verifier"] = self.verifier
        return await asyncio.to_thread(_verdict, self.url, self.token, item, self.timeout, self.tries)


def _verdict(url: str, token: str | None, item: Mapping[str, Any], timeout: float, tries: int) -> Mapping[str, Any]:
    """Asks for one verdict, again while the server is busy or away; holds "error" where the verifier could not decide."""
    url = url.rstrip("/") + "/verify"
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data, why = json.dumps(item, ensure_ascii=False).encode(), ""
    for n in range(tries):
        if n > 0:
            time.sleep(min(30.0, 0.5 * 2 ** (n - 1)))
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=timeout) as reply:
                return dict(json.load(reply))
        except urllib.error.HTTPError as e:
            body = e.read()
            if e.code == 422:
                return dict(json.loads(body))
            why = f"{e.code} {body[:500].decode(errors='replace').strip()}"
            if e.code not in (408, 429, 500, 502, 503, 504):
                break
        except OSError as e:
            why = str(e)
    raise RuntimeError(f"ask {url} for a verdict: {why}")


def _row(row: Mapping[str, Any]) -> tuple[str, list[Message], Message, list[Message] | None, Any]:
    """Name, messages of the task, failed attempt, tools and answer of a row of the format failures."""
    name = f"failure {row.get('failure_id')}"
    for column in ("prompt", "output_message"):
        if not row[column]:
            raise ValueError(f"{name}: column {column} is empty: want rows of the format failures")

    def parsed(column: str) -> Any:
        if row.get(column) is None:
            return None
        try:
            return json.loads(row[column])
        except (TypeError, ValueError) as e:
            raise ValueError(f"{name}: column {column}: {e}") from e

    task = parsed("prompt_messages") or [{"role": m["role"], "content": m["content"]} for m in row["prompt"]]
    return name, task, parsed("output_message"), parsed("tools"), parsed("answer")


def _render(template: str, messages: Sequence[Message]) -> str:
    """Fills a text of a plan in. Of Go's templates it knows {{.Question}}, the only field there is."""
    text = re.sub(r"\{\{-?\s*\.Question\s*-?\}\}", "\0", template.strip())
    if "{{" in text:
        raise ValueError(f"prompt text {template!r}: only {{{{.Question}}}} can stand in braces")
    return text.replace("\0", messages[-1]["content"])


def _chat(m: Message) -> Message:
    """A message in the names that chat templates know."""
    chat: Message = {"role": m["role"], "content": m["content"]}
    if m.get("thinking"):
        chat["reasoning_content"] = m["thinking"]
    if m.get("tool_name"):
        chat["name"] = m["tool_name"]
    if m.get("tool_calls"):
        chat["tool_calls"] = [{"type": "function", "function": dict(call)} for call in m["tool_calls"]]
    return chat
