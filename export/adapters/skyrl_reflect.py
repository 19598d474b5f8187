"""Reflect, Retry, Reward as a SkyRL generator: the policy reflects and retries, Mulligan judges, the reflection trains.

For each row of the export format `failures`, a failed attempt that was kept earlier, the current policy writes a reflection and then
the retry that follows it. `mulligan serve` judges the retry; its verdict is the reward of the reflection's tokens, and of no
others (Bensal et al., arXiv 2505.24726). The conversation is that of a run: the task's messages, the failed attempt, "your
answer is wrong" with the request to reflect, the reflection, the question put again, the retry.

    data.train_data=["failures/train-00000-of-00001.parquet"]     # read by SkyRL's PromptDataset as it is

    class Experiment(BasePPOExp):
        def get_generator(self, cfg, tokenizer, inference_engine_client):
            return ReflectGenerator(inference_engine_client, tokenizer, Options(url="http://127.0.0.1:8730"))

What is returned: prompt_token_ids, the context that the reflection was drawn in; response_ids, the reflection, the
question and the retry; loss_masks, 1 on the reflection (its end token included) and 0 elsewhere; rollout_logprobs,
those of the reflection and 0.0 where the mask is 0; rewards, one for each row. Where the chat template rewrites the
reflection when it is history (it takes a <think> block out), response_ids hold the reflection alone.
max_generate_length holds for each of the two draws.

Undecided: SkyRL has no reward "unknown", and any number would enter the mean of the group. Where Mulligan could not decide, the retry is
drawn again, `redraws` times; then it is an error that names the row. A reflection that was cut by length keeps the reward of its
retry, and has loss mask 0 unless train_truncated. A server that does not answer is an error, never a reward.

Tested with: skyrl 0.4.0 (PromptDataset, prepare_generator_input, validate_generator_output, batch tensors, GRPO
advantages and policy loss; a model of transformers behind the interface of the inference engine). By contract, not run:
vLLM engines, a whole PPO run, step-wise trajectories.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skyrl.backends.skyrl_train.inference_servers.base import InferenceEngineInput, InferenceEngineInterface
from skyrl.train.generators.base import GeneratorInput, GeneratorInterface, GeneratorOutput

Message = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """Options of a generator. The texts are those of a run's plan; {{.Question}} is the last message of the task."""

    url: str  # of `mulligan serve`
    token: str | None = None  # sent as bearer token
    verifier: str | None = None  # needed where several are served
    reward: str = "binary"  # binary: 1 for a retry that passes, else 0; shaped: the verifier's score
    train_truncated: bool = False  # train on reflections that were cut by length, too
    redraws: int = 3  # of a retry that could not be decided
    failed: str = "Your answer is wrong."
    reflect: str = (
        "Do not answer again yet. Reflect on what went wrong in your answer, and write a short explanation of your mistake that "
        "helps you to answer correctly the next time."
    )
    retry: str = "Now answer the original question again:\n\n{{.Question}}"
    chat_template: Mapping[str, Any] = field(default_factory=dict)  # further arguments of apply_chat_template
    timeout: float = 60.0  # seconds, for one request
    tries: int = 5  # of one request, while the server is busy or away
    batch: int = 64  # verdicts asked for in one request


@dataclass
class _Play:
    """One row and what was drawn for it."""

    name: str
    task: list[Message]
    attempt: Message
    tools: list[Message] | None
    answer: Any
    prompt_ids: list[int] = field(default_factory=list)
    reflection: list[int] = field(default_factory=list)
    logprobs: list[float] | None = None
    stop: str = ""
    retry_ids: list[int] = field(default_factory=list)
    retry: list[int] = field(default_factory=list)
    verdict: Mapping[str, Any] = field(default_factory=lambda: {"error": "not asked"})


class ReflectGenerator(GeneratorInterface):
    """Plays one reflection and one retry for each prompt of a batch. model is the name that the engines know the policy by."""

    def __init__(
        self, inference_engine_client: InferenceEngineInterface, tokenizer: Any, options: Options, model: str | None = None
    ) -> None:
        if options.reward not in ("binary", "shaped"):
            raise ValueError(f"reward is {options.reward!r}: want binary or shaped")
        self.engine, self.tokenizer, self.options, self.model = inference_engine_client, tokenizer, options, model

    async def generate(self, input_batch: GeneratorInput, disable_tqdm: bool = False) -> GeneratorOutput:
        """env_extras are the columns of the rows of failures, as SkyRL's PromptDataset hands them over."""
        o, extras = self.options, input_batch["env_extras"]
        if extras is None or len(extras) != len(input_batch["prompts"]):
            raise ValueError("no env_extras: want rows of the format failures")
        plays = [_play(i, p, row) for i, (p, row) in enumerate(zip(input_batch["prompts"], extras))]
        contexts = [
            [*p.task, p.attempt, {"role": "user", "content": _render(o.failed, p.task) + "\n\n" + _render(o.reflect, p.task)}]
            for p in plays
        ]
        for p, context in zip(plays, contexts):
            p.prompt_ids = self._ids(context, p.tools)
        drawn = await self._draw(input_batch, [p.prompt_ids for p in plays])
        logprobs = drawn.get("response_logprobs")
        for i, (p, context) in enumerate(zip(plays, contexts)):
            p.reflection, p.stop = list(drawn["response_ids"][i]), drawn["stop_reasons"][i]
            p.logprobs = list(logprobs[i]) if logprobs else None
            said = {"role": "assistant", "content": self._text(p.reflection)}
            p.retry_ids = self._ids([*context, said, {"role": "user", "content": _render(o.retry, p.task)}], p.tools)
        open_ = plays
        for _ in range(1 + o.redraws):
            drawn = await self._draw(input_batch, [p.retry_ids for p in open_])
            for p, ids in zip(open_, drawn["response_ids"]):
                p.retry = list(ids)
            await self._judge(open_)
            open_ = [p for p in open_ if "error" in p.verdict]
            if not open_:
                return self._output(plays)
        raise RuntimeError(f"{open_[0].name}: {1 + o.redraws} retries could not be decided, the last: {open_[0].verdict['error']}")

    def _output(self, plays: Sequence[_Play]) -> GeneratorOutput:
        o = self.options
        responses, masks, logprobs, cut = [], [], [], []
        for p in plays:
            ids, truncated = list(p.reflection), p.stop != "stop"
            mask = [int(o.train_truncated or not truncated)] * len(ids)
            if p.retry_ids[: len(p.prompt_ids) + len(ids)] == p.prompt_ids + ids:
                rest = p.retry_ids[len(p.prompt_ids) + len(ids) :] + p.retry
                ids, mask = ids + rest, mask + [0] * len(rest)
            responses.append(ids)
            masks.append(mask)
            logprobs.append([lp if m else 0.0 for lp, m in zip((p.logprobs or []) + [0.0] * len(ids), mask)])
            cut.append(truncated)
        passed = [bool(p.verdict["pass"]) for p in plays]
        return {
            "prompt_token_ids": [p.prompt_ids for p in plays],
            "response_ids": responses,
            "rewards": [float(p.verdict["score"]) if o.reward == "shaped" else float(bool(p.verdict["pass"])) for p in plays],
            "loss_masks": masks,
            "stop_reasons": [p.stop for p in plays],
            "rollout_metrics": {"mulligan/retry_pass": sum(passed) / len(plays), "mulligan/reflection_cut": sum(cut) / len(plays)},
            "rollout_logprobs": logprobs if all(p.logprobs is not None for p in plays) else None,
            "trajectory_ids": None,
            "rollout_expert_indices": None,
            "is_last_step": None,
        }  # the fields left out are of multi-modal and step-wise runs

    async def _draw(self, batch: GeneratorInput, contexts: list[list[int]]) -> Any:
        params = batch.get("sampling_params")
        request = InferenceEngineInput(prompt_token_ids=contexts, sampling_params=dict(params) if params else None)
        return await self.engine.generate(request, model=self.model)

    async def _judge(self, plays: Sequence[_Play]) -> None:
        o = self.options
        for start in range(0, len(plays), o.batch):
            part = plays[start : start + o.batch]
            items = []
            for i, p in enumerate(part):
                item = {"id": i, "answer": p.answer, "response": self._text(p.retry), "messages": p.task}
                items.append({**item, "verifier": o.verifier} if o.verifier is not None else item)
            results = (await asyncio.to_thread(_post, o, "/verify/batch", {"items": items}))["results"]
            if [r["id"] for r in results] != list(range(len(part))):
                raise RuntimeError(f"{o.url}/verify/batch: the results are not those of the items asked for")
            for p, result in zip(part, results):
                p.verdict = result

    def _ids(self, messages: Sequence[Message], tools: list[Message] | None) -> list[int]:
        out = self.tokenizer.apply_chat_template(
            [_chat(m) for m in messages],
            tools=[{"type": "function", "function": t} for t in tools] if tools else None,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            **self.options.chat_template,
        )
        return list(out["input_ids"])

    def _text(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(ids, skip_special_tokens=True))


def _post(options: Options, path: str, body: Mapping[str, Any]) -> Any:
    """Asks the server, again while it is busy or away. Raises RuntimeError when it does not answer."""
    url = options.url.rstrip("/") + path
    headers = {"Content-Type": "application/json"}
    if options.token:
        headers["Authorization"] = f"Bearer {options.token}"
    data = json.dumps(body, ensure_ascii=False).encode()
    why = ""
    for n in range(options.tries):
        if n > 0:
            time.sleep(min(30.0, 0.5 * 2 ** (n - 1)))
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=options.timeout) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as e:
            why = f"{e.code} {e.read(500).decode(errors='replace').strip()}"
            if e.code not in (408, 429, 500, 502, 503, 504):
                break
        except OSError as e:
            why = str(e)
    raise RuntimeError(f"ask {url} for a verdict: {why}")


def _play(i: int, prompt: Sequence[Message], row: Mapping[str, Any]) -> _Play:
    name = f"row {i} ({row.get('failure_id')})"
    if not row.get("output_message"):
        raise ValueError(f"{name}: column output_message is empty: want rows of the format failures")

    def parsed(column: str) -> Any:
        if row.get(column) is None:
            return None
        try:
            return json.loads(row[column])
        except (TypeError, ValueError) as e:
            raise ValueError(f"{name}: column {column}: {e}") from e

    task = parsed("prompt_messages") or [{"role": m["role"], "content": m["content"]} for m in prompt]
    return _Play(name, task, parsed("output_message"), parsed("tools"), parsed("answer"))


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
