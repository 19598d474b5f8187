"""Reflect, Retry, Reward in TRL's GRPOTrainer: the policy reflects and retries, Mulligan judges, the reflection trains.

For each prompt, a failed attempt that was kept earlier, the current policy writes a reflection and then the retry
that follows it. `mulligan serve` judges the retry; its verdict is the reward of the reflection's tokens, and of no others
(Bensal et al., arXiv 2505.24726). The conversation is that of a run: the task's messages, the failed attempt, "your answer is
wrong" with the request to reflect, the reflection, the question put again, the retry.

    rollout = ReflectRollout(rows, Options(url="http://127.0.0.1:8730"))  # rows of the export format `failures`
    GRPOTrainer(..., train_dataset=Dataset.from_list(rollout.dataset()), rollout_func=rollout, reward_funcs=rollout.reward)

What is returned for one prompt: prompt_ids, the context that the reflection was drawn in; completion_ids, the reflection, the
question and the retry; env_mask, 1 on the reflection (its end token included) and 0 elsewhere; logprobs, where there are any, those of
the reflection and 0.0 where env_mask is 0. Where the chat template rewrites the reflection when it is history (it takes a
<think> block out), completion_ids hold the reflection alone.

No reward: where Mulligan could not decide, and where the reflection was cut by max_completion_length (unless train_truncated), the
reward is None and env_mask is 0 everywhere. TRL takes such a row out of its group's mean and deviation and gives it the advantage 0,
but only where there is no second reward function, which is an error therefore. So is args.mask_truncated_completions: TRL would look at
the retry's end.
A server that does not answer is an error, never a reward.

args.max_completion_length and the sampling of the trainer hold for each of the two draws.

Tested with: trl 1.16.0, transformers 5.23.0, torch 2.15.0 on a CPU, generation by transformers. By contract, not run: generation
by vLLM, and several processes. Both go through the trainer's own GRPOTrainer._generate_single_turn, and each process makes the
same two calls for any batch.
"""

from __future__ import annotations

import http.client
import json
import logging
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from trl import GRPOTrainer

Message = dict[str, Any]

AGAIN = (408, 429, 500, 502, 503, 504)  # statuses that pass


@dataclass(frozen=True)
class Options:
    """Options of a rollout. The texts are those of a run's plan; {{.Question}} is the last message of the task."""

    url: str  # of `mulligan serve`
    token: str | None = None  # sent as bearer token
    verifier: str | None = None  # needed where several are served
    reward: str = "binary"  # binary: 1 for a retry that passes, else 0; shaped: the verifier's score
    train_truncated: bool = False  # train on reflections that were cut by length, too
    score: bool = False  # log-probabilities of the trainer's model where the generator returns none: TRL itself does not use them
    failed: str = "Your answer is wrong."
    reflect: str = (
        "Do not answer again yet. Reflect on what went wrong in your answer, and write a short explanation of your "
        "mistake that helps you to answer correctly the next time."
    )
    retry: str = "Now answer the original question again:\n\n{{.Question}}"
    visible: Callable[[str], str] | None = None  # what the verifier is shown of a retry's text; None: what stands behind its thinking
    timeout: float = 60.0  # seconds, for one request
    patience: float = 300.0  # seconds, while the server is busy or away
    batch: int = 64  # verdicts asked for in one request
    give_up: int = 8  # calls in a row in which no retry could be decided are an error: the verifier is broken
    check: bool = True  # before the first draw, have the failures themselves judged: see ReflectRollout.check


@dataclass(frozen=True)
class _Task:
    name: str
    messages: tuple[Message, ...]  # as data.Message has them: what the verifier is shown
    attempt: Message
    tools: list[Message] | None
    answer: Any


class ReflectRollout:
    """A rollout_func of GRPOTrainer over rows of the export format `failures`."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], options: Options) -> None:
        if options.reward not in ("binary", "shaped"):
            raise ValueError(f"reward is {options.reward!r}: want binary or shaped")
        self.options = options
        self._tasks: dict[str, _Task] = {}
        self._dataset: list[dict[str, Any]] = []
        self._checked, self._undecided = not options.check, 0
        for i, row in enumerate(rows):
            task = _task(i, row)
            prompt = [{"role": m["role"], "content": _content(m)} for m in self.context(task)]
            key, before = _key(prompt), self._tasks.get(_key(prompt))
            if before is not None:
                if (before.answer, before.tools) != (task.answer, task.tools):
                    raise ValueError(f"{task.name}: the same conversation as {before.name}, with another answer or tools")
                continue
            self._tasks[key] = task
            self._dataset.append({"prompt": prompt, "failure_id": str(row["failure_id"])})
        if not self._tasks:
            raise ValueError("no rows of the format failures")

    def dataset(self) -> list[dict[str, Any]]:
        """The rows to train on: prompt, the conversation up to the request to reflect, and failure_id. Same conversations once."""
        return [dict(row) for row in self._dataset]

    def context(self, task: _Task) -> list[Message]:
        """The conversation that the reflection is drawn in."""
        request = "\n\n".join(_render(t, task.messages) for t in (self.options.failed, self.options.reflect))
        return [*task.messages, task.attempt, {"role": "user", "content": request}]

    def __call__(self, prompts: Sequence[Sequence[Message]], trainer: GRPOTrainer) -> dict[str, Any]:
        """Plays one reflection and one retry for each prompt, repeats included. TRL hands over each prompt num_generations times."""
        if len(trainer.reward_funcs) > 1:
            raise ValueError(
                f"{len(trainer.reward_funcs)} reward functions: TRL takes a reward that one of them lacks for 0. Make them one, which calls "
                "ReflectRollout.reward and gives None where that does"
            )
        if trainer.mask_truncated_completions:
            raise ValueError("mask_truncated_completions would leave out reflections whose retry was cut: set it to False")
        if not self._checked:
            self.check()
        tasks = [self._find(p) for p in prompts]
        contexts = [self.context(t) for t in tasks]
        prompt_ids = [_ids(trainer, c, t.tools) for c, t in zip(contexts, tasks)]
        reflections, logprobs = trainer._generate_single_turn(prompt_ids, None, {}, 1)
        retry_ids = []
        for context, task, ids in zip(contexts, tasks, reflections):
            reflection = {"role": "assistant", "content": _text(trainer, ids)}
            question = {"role": "user", "content": _render(self.options.retry, task.messages)}
            retry_ids.append(_ids(trainer, [*context, reflection, question], task.tools))
        retries, _ = trainer._generate_single_turn(retry_ids, None, {}, 1)
        texts = [_text(trainer, ids) for ids in retries]
        if self.options.visible is not None:
            shown = [self.options.visible(text) for text in texts]
        else:
            tokenizer = getattr(trainer.processing_class, "tokenizer", trainer.processing_class)  # a processor holds one
            shown = [_shown(tokenizer, context, ids) for context, ids in zip(retry_ids, retries)]
        verdicts = self._judge(tasks, shown)
        self._undecided = self._undecided + 1 if all("error" in v for v in verdicts) else 0
        if self._undecided >= self.options.give_up:
            raise RuntimeError(f"no retry of {self._undecided} calls in a row could be decided, the last: {verdicts[-1]['error']}")

        completion_ids, masks, rewards, cut = [], [], [], []
        for prompt, reflection, after, retry, verdict in zip(prompt_ids, reflections, retry_ids, retries, verdicts):
            truncated = not reflection or reflection[-1] not in trainer.eos_token_ids
            reward = self._reward(verdict)
            if not reflection or (truncated and not self.options.train_truncated):
                reward = None
            # TRL reads the last id of a completion: an empty one gets an end token, which does not train.
            ids = list(reflection) or [trainer.eos_token_ids[0]]
            mask = [1 if reward is not None else 0] * len(ids)
            if after[: len(prompt) + len(ids)] == prompt + ids:
                rest = after[len(prompt) + len(ids) :] + list(retry)
                ids, mask = ids + rest, mask + [0] * len(rest)
            completion_ids.append(ids)
            masks.append(mask)
            rewards.append(reward)
            cut.append(truncated)
        if logprobs is None and self.options.score:
            logprobs = _score(trainer, prompt_ids, completion_ids)
        elif logprobs is not None and [len(row) for row in logprobs] != [len(ids) for ids in reflections]:
            raise RuntimeError("the generator does not give one log-probability for each token of the reflections")
        if logprobs is not None:
            logprobs = [[lp if m else 0.0 for lp, m in zip(_padded(row, len(mask)), mask)] for row, mask in zip(logprobs, masks)]
        return {
            "prompt_ids": prompt_ids,
            "completion_ids": completion_ids,
            "logprobs": logprobs,
            "env_mask": masks,
            "reflection_reward": rewards,
            "reflection_cut": cut,
            "retry_undecided": ["error" in v for v in verdicts],
            "retry": texts,
        }

    def reward(self, *, reflection_reward: Sequence[float | None], **columns: Any) -> list[float | None]:
        """The reward function that belongs to the rollout: its verdicts, None where there is none."""
        if log := columns.get("log_metric"):
            log("mulligan/undecided", sum(columns["retry_undecided"]) / len(reflection_reward))
            log("mulligan/reflection_cut", sum(columns["reflection_cut"]) / len(reflection_reward))
        return list(reflection_reward)

    def check(self) -> None:
        """Has each failed attempt judged again, as a run does: one that cannot be decided, or that passes, is an error that names the row.

        A verifier or a ground truth that does not fit would otherwise only show as a training that learns nothing.
        """
        tasks, wrong = list(self._tasks.values()), []
        for task, verdict in zip(tasks, self._judge(tasks, [_answer(t.attempt) for t in tasks])):
            if "error" in verdict:
                wrong.append(f"{task.name}: could not be decided: {verdict['error']}")
            elif verdict["pass"]:
                wrong.append(f"{task.name}: passes: it is no failure")
        if wrong:
            raise ValueError(f"{len(wrong)} of {len(tasks)} rows cannot be trained on: " + "; ".join(wrong[:5]))
        self._checked = True

    def _find(self, prompt: Sequence[Message]) -> _Task:
        task = self._tasks.get(_key(prompt))
        if task is None:
            raise ValueError("a prompt is not one of this rollout's: train on dataset() of the same ReflectRollout, as it is")
        return task

    def _reward(self, verdict: Mapping[str, Any]) -> float | None:
        if "error" in verdict:
            return None
        return float(verdict["score"]) if self.options.reward == "shaped" else float(bool(verdict["pass"]))

    def _judge(self, tasks: Sequence[_Task], texts: Sequence[str]) -> list[Mapping[str, Any]]:
        """The verdict on each text; it holds "error" where the verifier could not decide."""
        items = []
        for i, (task, text) in enumerate(zip(tasks, texts)):
            item = {"id": i, "answer": task.answer, "response": text, "messages": list(task.messages)}
            if self.options.verifier is not None:
                item["verifier"] = self.options.verifier
            items.append(item)
        n = self.options.batch
        return [v for start in range(0, len(items), n) for v in _verdicts(self.options, items[start : start + n])]


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


def _task(i: int, row: Mapping[str, Any]) -> _Task:
    name = f"row {i} ({row.get('failure_id')})"
    for column in ("failure_id", "prompt", "output_message"):
        if not row.get(column):
            raise ValueError(f"{name}: column {column} is empty: want rows of the format failures")

    def parsed(column: str) -> Any:
        if row.get(column) is None:
            return None
        try:
            return json.loads(row[column])
        except (TypeError, ValueError) as e:
            raise ValueError(f"{name}: column {column}: {e}") from e

    messages = parsed("prompt_messages") or [{"role": m["role"], "content": m["content"]} for m in row["prompt"]]
    return _Task(name, tuple(messages), parsed("output_message"), parsed("tools"), parsed("answer"))


def _key(prompt: Sequence[Message]) -> str:
    return json.dumps([[m["role"], m["content"]] for m in prompt])


def _answer(m: Message) -> str:
    """What a verifier is shown of a message: its text, or the calls of tools that an engine parsed out of it."""
    return json.dumps(m["tool_calls"]) if m.get("tool_calls") else str(m["content"])


def _content(m: Message) -> str:
    """The text of a message, calls of tools included, so that two conversations that differ in them differ."""
    return str(m["content"]) + (json.dumps(m["tool_calls"]) if m.get("tool_calls") else "")


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


def _ids(trainer: GRPOTrainer, messages: Sequence[Message], tools: list[Message] | None) -> list[int]:
    rendered = trainer.processing_class.apply_chat_template(
        [_chat(m) for m in messages],
        tools=[{"type": "function", "function": t} for t in tools] if tools else None,
        chat_template=trainer.chat_template,
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        **trainer.chat_template_kwargs,
    )
    return list(rendered["input_ids"])


def _text(trainer: GRPOTrainer, ids: Sequence[int]) -> str:
    return str(trainer.processing_class.decode(ids, skip_special_tokens=True))


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


def _padded(row: Sequence[float | None], n: int) -> list[float | None]:
    """Log-probabilities of the reflection, with 0.0 for what follows it. None: the generator knows none; TRL takes ratio 1."""
    return [*row, *[0.0] * n][:n]


def _score(trainer: GRPOTrainer, prompts: Sequence[list[int]], completions: Sequence[list[int]]) -> list[list[float]]:
    """The log-probabilities that the trainer itself gives the completions, at its temperature."""
    rows = [torch.tensor(p + c) for p, c in zip(prompts, completions)]
    device, width = trainer.accelerator.device, max(len(c) for c in completions)
    # Padded on both sides, so that all completions start in one column, as TRL has them.
    left = max(len(p) for p in prompts)
    ids = torch.zeros(len(rows), left + width, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for i, (row, p) in enumerate(zip(rows, prompts)):
        ids[i, left - len(p) : left - len(p) + len(row)] = row
        mask[i, left - len(p) : left - len(p) + len(row)] = 1
    with torch.no_grad():
        logps, *_ = trainer._get_per_token_logps_and_entropies(
            trainer.model, ids.to(device), mask.to(device), width, batch_size=trainer.args.per_device_train_batch_size
        )
    return [row[: len(c)].tolist() for row, c in zip(logps, completions)]
