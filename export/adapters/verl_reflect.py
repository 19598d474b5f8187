"""Reflect, Retry, Reward as a verl agent loop: the policy reflects and retries, Mulligan judges, the reflection trains.

For each row of the export format `failures`, a failed attempt that was kept earlier, the current policy writes a reflection and then
the retry that follows it. `mulligan serve` judges the retry; its verdict is the reward of the reflection's tokens, and of no
others (Bensal et al., arXiv 2505.24726). The conversation is that of a run: the task's messages, the failed attempt, "your
answer is wrong" with the request to reflect, the reflection, the question put again, the retry.

    data.train_files=failures/train-00000-of-00001.parquet
    data.custom_cls.path=verl_reflect.py data.custom_cls.name=FailuresDataset
    actor_rollout_ref.rollout.agent.agent_loop_config_path=loops.yaml
    actor_rollout_ref.rollout.agent.default_agent_loop=mulligan_reflect
    algorithm.adv_estimator=grpo actor_rollout_ref.rollout.n=8          # verl's defaults, gae and 1, compare nothing

    # loops.yaml: the arguments of ReflectAgentLoop; this file must be importable by the workers (PYTHONPATH)
    - name: mulligan_reflect
      _target_: verl_reflect.ReflectAgentLoop
      url: http://127.0.0.1:8730

What is returned: prompt_ids, the context that the reflection was drawn in; response_ids, the reflection alone; response_mask, 1
on all of it (its end token included); response_logprobs; reward_score. The retry is no part of it: verl puts the reward on the last
token, and estimators such as gae take no reward from a token that does not train. rollout.response_length holds for each of the
two draws. A context longer than rollout.prompt_length is an error: cut from the left, as verl does, it is another task.

Undecided: verl has no reward "unknown", and any number would enter the mean of the group. Where Mulligan could not
decide, the retry is drawn again, `redraws` times; then it is an error that names the row. A reflection that was cut by
length keeps the reward of its retry, and has response_mask 0 unless train_truncated. A draw that verl aborts is drawn
again. A server that does not answer is an error, never a reward.

Tested with: verl 0.9.1 in a worker without ray (collate_fn, AgentLoopWorker's own post-processing, GRPO advantages and policy loss; a
model of transformers behind the interface of LLMServerClient). By contract, not run: vLLM and SGLang servers, a whole PPO run.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
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

AGAIN = (408, 429, 500, 502, 503, 504)  # statuses that pass
ABORTED = ("abort", "aborted")  # stop reasons of verl's servers where weights are loaded
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
        end_ids: Sequence[int] | None = None,  # tokens that end a reply of the full length; None: the tokenizer's eos
        failed: str = FAILED,
        reflect: str = REFLECT,
        retry: str = RETRY,  # {{.Question}} is the last message of the task
        show_thinking: bool = False,  # show the verifier the thinking of a retry, too, and not only what stands behind it
        timeout: float = 60.0,  # seconds, for one request for a verdict
        patience: float = 300.0,  # seconds, while the server of verdicts is busy or away, or verl's server aborts
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if reward not in ("binary", "shaped"):
            raise ValueError(f"reward is {reward!r}: want binary or shaped")
        self.url = url or os.environ.get("MULLIGAN_SERVE", "")
        if not self.url:
            raise ValueError("no url of `mulligan serve`: give url, or set MULLIGAN_SERVE")
        self.token, self.verifier, self.shaped = token or os.environ.get("MULLIGAN_TOKEN"), verifier, reward == "shaped"
        self.train_truncated, self.redraws, self.show_thinking = train_truncated, redraws, show_thinking
        self.timeout, self.patience = timeout, patience
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
        reflection = await self._draw(name, session, prompt_ids, sampling_params)
        said = {"role": "assistant", "content": self._text(reflection.token_ids)}
        retry_ids = await self._ids([*context, said, {"role": "user", "content": _render(self.retry, task)}], tools)
        for _ in range(1 + self.redraws):
            retry = await self._draw(name, session, retry_ids, sampling_params)
            shown = self._text(retry.token_ids) if self.show_thinking else _shown(self.tokenizer, retry_ids, retry.token_ids)
            verdict = await self._judge(task, answer, shown)
            if "error" not in verdict:
                break
        else:
            raise RuntimeError(f"{name}: {1 + self.redraws} retries could not be decided, the last: {verdict['error']}")

        ids, cut = list(reflection.token_ids), self._cut(prompt_ids, reflection)
        logprobs = None if reflection.log_probs is None or (ids and not reflection.log_probs) else list(reflection.log_probs)
        if logprobs is not None and len(logprobs) != len(ids):
            raise RuntimeError(f"{name}: the server gives {len(logprobs)} log-probabilities for {len(ids)} tokens")
        mask = [int(self.train_truncated or not cut)] * len(ids)
        if not ids:  # a response of verl holds at least one token
            ids, mask, logprobs = [self.tokenizer.eos_token_id], [0], None if logprobs is None else [0.0]
        if logprobs is not None:
            logprobs = [lp if m else 0.0 for lp, m in zip(logprobs, mask)]
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

    async def _draw(self, name: str, session: str, prompt_ids: list[int], sampling_params: Mapping[str, Any]) -> Any:
        """One reply. What verl's server aborts, to load weights, is drawn again from the beginning."""
        params = {**sampling_params, "max_tokens": self.rollout_config.response_length}
        end: float | None = None  # of the patience: it begins with the first abort, and anew where something was drawn
        while True:
            out = await self.server_manager.generate(request_id=session, prompt_ids=prompt_ids, sampling_params=dict(params))
            if out.stop_reason not in ABORTED:
                return out
            if end is None or out.token_ids:
                end = time.monotonic() + self.patience
            elif time.monotonic() > end:
                raise RuntimeError(f"{name}: the server aborts what is drawn, for more than {self.patience} s")
            await asyncio.sleep(0.5)

    def _cut(self, prompt_ids: Sequence[int], reply: Any) -> bool:
        """Whether a reply was cut by length: verl says "completed" of such ones, too, and a model may end its turn with any token."""
        longest, window = self.rollout_config.response_length, getattr(self.rollout_config, "max_model_len", None)
        if window:
            longest = min(longest, window - len(prompt_ids))
        ids = reply.token_ids
        return not ids or (ids[-1] not in self.end_ids and (reply.stop_reason == "length" or len(ids) >= longest))

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
        return await asyncio.to_thread(_verdict, self.url, self.token, item, self.timeout, self.patience)


def _shown(tokenizer: Any, context: Sequence[int], ids: Sequence[int]) -> str:
    """What stands behind the thinking of a reply, which is what a run judges; nothing where the thinking has no end."""
    ids, close = list(ids), tokenizer.convert_tokens_to_ids("</think>")
    # The template may have begun the thinking. Its marks may be special tokens, which a text leaves out.
    begun, said = (str(tokenizer.decode(part)).strip() for part in (list(context)[-8:], ids))
    thinks = begun.endswith("<think>") or said.startswith("<think>")
    if close is not None and close != tokenizer.unk_token_id and close in ids:
        ids, thinks = ids[len(ids) - ids[::-1].index(close) :], False
    _before, end, behind = str(tokenizer.decode(ids, skip_special_tokens=True)).rpartition("</think>")
    return "" if thinks and not end else behind.partition("<think>")[0]


def _verdict(url: str, token: str | None, item: Mapping[str, Any], timeout: float, patience: float) -> Mapping[str, Any]:
    """Asks for one verdict, again while the server is busy or away; holds "error" where the verifier could not decide."""
    url = url.rstrip("/") + "/verify"
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, json.dumps(item, ensure_ascii=False).encode(), headers)
    end, wait = time.monotonic() + patience, 0.5
    while True:
        try:
            status, text = _ask(request, timeout)
            why = f"{status} {text[:500].decode(errors='replace').strip()}"
            if status in (200, 422):
                verdict = json.loads(text)
                if isinstance(verdict, dict) and verdict.keys() >= ({"pass", "score"} if status == 200 else {"error"}):
                    return verdict
            elif status not in AGAIN:
                break
        except (OSError, http.client.HTTPException, ValueError) as e:
            why = f"{type(e).__name__}: {e}"
        if time.monotonic() + wait > end:
            break
        logging.getLogger(__name__).warning("ask %s for a verdict: %s; again in %.1f s", url, why, wait)
        time.sleep(wait)
        wait = min(30.0, 2 * wait)
    raise RuntimeError(f"ask {url} for a verdict: {why}")


def _ask(request: urllib.request.Request, timeout: float) -> tuple[int, bytes]:
    """Status and body of an answer."""
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.read()


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
    text = re.sub(r"\{\{\s*\.Question\s*\}\}", "\0", template.strip())
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
