"""Reflect, Retry, Reward as a SkyRL generator: the policy reflects and retries, Mulligan judges, the reflection trains.

For each row of the export format `failures`, a failed attempt that was kept earlier, the current policy writes a reflection and then
the retry that follows it. `mulligan serve` judges the retry; its verdict is the reward of the reflection's tokens, and of no
others (Bensal et al., arXiv 2505.24726). The conversation is that of a run: the task's messages, the failed attempt, "your
answer is wrong" with the request to reflect, the reflection, the question put again, the retry.

    data.train_data=["failures/train-00000-of-00001.parquet"]     # read by SkyRL's PromptDataset as it is

    class Experiment(BasePPOExp):
        def get_generator(self, cfg, tokenizer, inference_engine_client):
            return ReflectGenerator(inference_engine_client, tokenizer, Options(url="http://127.0.0.1:8730"))

What is returned: prompt_token_ids, the context that the reflection was drawn in; response_ids, the reflection alone; loss_masks, 1 on
all of it (its end token included); rollout_logprobs; rewards, one for each row. The retry is no part of it: SkyRL puts the reward
on the last token, and estimators such as reinforce++ take no reward from a token that does not train. max_generate_length holds
for each of the two draws.

Undecided: SkyRL has no reward "unknown", and any number would enter the mean of the group. Where Mulligan could not decide, the retry is
drawn again, `redraws` times; then it is an error that names the row. A reflection that was cut by length keeps the reward of its
retry, and has loss mask 0 unless train_truncated. A draw that the engine aborts is drawn again. A server that does
not answer is an error, never a reward.

Tested with: skyrl 0.4.0 (PromptDataset, prepare_generator_input, validate_generator_output, batch tensors, GRPO
advantages and policy loss; a model of transformers behind the interface of the inference engine). By contract, not run:
vLLM engines, a whole PPO run, step-wise trajectories.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skyrl.backends.skyrl_train.inference_servers.base import InferenceEngineInput, InferenceEngineInterface
from skyrl.train.generators.base import GeneratorInput, GeneratorInterface, GeneratorOutput

Message = dict[str, Any]

AGAIN = (408, 429, 500, 502, 503, 504)  # statuses that pass


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
    chat_template: Mapping[str, Any] = field(default_factory=dict)  # arguments of apply_chat_template: give cfg.generator.chat_template_kwargs
    visible: Callable[[str], str] | None = None  # what the verifier is shown of a retry's text; None: what stands behind its thinking
    timeout: float = 60.0  # seconds, for one request
    patience: float = 300.0  # seconds, while the server is busy or away, or the engine aborts
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
        reflections = await self._draw(input_batch, plays, [p.prompt_ids for p in plays])
        for p, context, drawn in zip(plays, contexts, reflections):
            p.reflection, p.logprobs, p.stop = drawn
            said = {"role": "assistant", "content": self._text(p.reflection)}
            p.retry_ids = self._ids([*context, said, {"role": "user", "content": _render(o.retry, p.task)}], p.tools)
        open_ = plays
        for _ in range(1 + o.redraws):
            for p, (ids, _lp, _stop) in zip(open_, await self._draw(input_batch, open_, [p.retry_ids for p in open_])):
                p.retry = ids
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
            if p.logprobs is not None and len(p.logprobs) != len(ids):
                raise RuntimeError(f"{p.name}: the engine gives {len(p.logprobs)} log-probabilities for {len(ids)} tokens")
            if not ids:  # a response of SkyRL holds at least one token
                ids, mask = [self.tokenizer.eos_token_id], [0]
            responses.append(ids)
            masks.append(mask)
            logprobs.append([lp if m else 0.0 for lp, m in zip(p.logprobs or [0.0], mask)])
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

    async def _draw(
        self, batch: GeneratorInput, plays: Sequence[_Play], contexts: Sequence[list[int]]
    ) -> list[tuple[list[int], list[float] | None, str]]:
        """Ids, log-probabilities and stop reason for each context. What the engine aborts, to load weights, is drawn again."""
        params = batch.get("sampling_params")
        out: dict[int, tuple[list[int], list[float] | None, str]] = {}
        end: float | None = None  # of the patience: it begins with the first abort, and anew where something was drawn
        while left := [i for i in range(len(contexts)) if i not in out]:
            request = InferenceEngineInput(prompt_token_ids=[contexts[i] for i in left], sampling_params=dict(params) if params else None)
            drawn = await self.engine.generate(request, model=self.model)
            logprobs = drawn.get("response_logprobs") or [None] * len(left)
            for i, ids, lps, stop in zip(left, drawn["response_ids"], logprobs, drawn["stop_reasons"]):
                if stop not in ("abort", "aborted"):
                    out[i] = list(ids), None if lps is None else list(lps), stop
            if len(out) == len(contexts):
                break
            if end is None or any(drawn["response_ids"]):
                end = time.monotonic() + self.options.patience
            elif time.monotonic() > end:
                name = next(p.name for i, p in enumerate(plays) if i not in out)
                raise RuntimeError(f"{name}: the engine aborts what is drawn, for more than {self.options.patience} s")
            await asyncio.sleep(0.5)
        return [out[i] for i in range(len(contexts))]

    async def _judge(self, plays: Sequence[_Play]) -> None:
        o = self.options
        items = []
        for i, p in enumerate(plays):
            shown = _shown(self.tokenizer, p.retry_ids, p.retry) if o.visible is None else o.visible(self._text(p.retry))
            item = {"id": i, "answer": p.answer, "response": shown, "messages": p.task}
            items.append({**item, "verifier": o.verifier} if o.verifier is not None else item)
        for start in range(0, len(items), o.batch):
            verdicts = await asyncio.to_thread(_verdicts, o, items[start : start + o.batch])
            for p, verdict in zip(plays[start : start + o.batch], verdicts):
                p.verdict = verdict

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


def _verdicts(options: Options, items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The verdict on each item; it holds "error" where the verifier could not decide.

    Asks again while the server is busy or away, and for items that it did not get to. Raises RuntimeError when it does not answer.
    """
    url = options.url.rstrip("/") + "/verify/batch"
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {options.token}"} if options.token else {})}
    done: dict[int, Mapping[str, Any]] = {}
    end, wait = time.monotonic() + options.patience, 0.5
    while left := [item for item in items if item["id"] not in done]:
        try:
            request = urllib.request.Request(url, json.dumps({"items": left}, ensure_ascii=False).encode(), headers)
            status, text = _ask(request, options.timeout)
            why = f"{status} {text[:500].decode(errors='replace').strip()}"
            if status == 200:
                for item, ruling in zip(left, _rulings(text, left)):
                    if "status" in ruling:  # busy, stopping, or an item that it cannot read
                        status, why = ruling["status"], f"item {item['id']}: {ruling['status']} {ruling['error']}"
                    else:
                        done[item["id"]] = ruling
                        end, wait = time.monotonic() + options.patience, 0.5
                if status == 200:
                    continue
            if status not in AGAIN:
                break
        except (OSError, http.client.HTTPException, ValueError) as e:
            why = f"{type(e).__name__}: {e}"
        if time.monotonic() + wait > end:
            break
        logging.getLogger(__name__).warning("ask %s for a verdict: %s; again in %.1f s", url, why, wait)
        time.sleep(wait)
        wait = min(30.0, 2 * wait)
    else:
        return [done[item["id"]] for item in items]
    raise RuntimeError(f"ask {url} for a verdict: {why}")


def _rulings(text: bytes, items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rulings of an answer, checked to be those on the items. An item that the server could not read has no id."""
    answer = json.loads(text)
    rulings = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(rulings, list) or len(rulings) != len(items) or not all(isinstance(r, dict) for r in rulings):
        raise ValueError("the answer does not hold a result for each item")
    for item, r in zip(items, rulings):
        if (r.get("id") != item["id"] and "status" not in r) or not ("error" in r or r.keys() >= {"pass", "score"}):
            raise ValueError(f"the answer does not hold the verdict on item {item['id']}")
    return rulings


def _ask(request: urllib.request.Request, timeout: float) -> tuple[int, bytes]:
    """Status and body of an answer."""
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.read()


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
