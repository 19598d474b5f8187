"""Reflect, Retry, Reward in TRL's GRPOTrainer: the policy reflects and retries, Mulligan judges, the reflection trains.

For each prompt, a failed attempt that was kept earlier, the current policy writes a reflection and then the retry
that follows it. `mulligan serve` judges the retry; its verdict is the reward of the reflection's tokens, and of no others
(Bensal et al., arXiv 2505.24726). The conversation is that of a run: the task's messages, the failed attempt, "your answer is
wrong" with the request to reflect, the reflection, the question put again, the retry.

    rollout = ReflectRollout(rows, Options(url="http://127.0.0.1:8730"))  # rows of the export format `failures`
    GRPOTrainer(..., train_dataset=Dataset.from_list(rollout.dataset()), rollout_func=rollout, reward_funcs=rollout.reward)

What is returned for one prompt: prompt_ids, the context that the reflection was drawn in; completion_ids, the reflection, the
question and the retry; env_mask, 1 on the reflection (its end token included) and 0 elsewhere; logprobs, those of the reflection and
0.0 where env_mask is 0. Where the chat template rewrites the reflection when it is history (it takes a
<think> block out), completion_ids hold the reflection alone.

No reward: where Mulligan could not decide, and where the reflection was cut by max_completion_length (unless train_truncated), the
reward is None and env_mask is 0 everywhere. TRL takes such a row out of its group's mean and deviation and gives it the advantage 0.
A server that does not answer is an error, never a reward.

args.max_completion_length and the sampling of the trainer hold for each of the two draws.

Tested with: trl 1.16.0, transformers 5.23.0, torch 2.15.0 on a CPU, generation by transformers. By contract, not run: generation
by vLLM, and several processes. Both go through the trainer's own GRPOTrainer._generate_single_turn, and each process makes the
same two calls for any batch.
"""

from __future__ import annotations

import json
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


@dataclass(frozen=True)
class Options:
    """Options of a rollout. The texts are those of a run's plan; {{.Question}} is the last message of the task."""

    url: str  # of `mulligan serve`
    token: str | None = None  # sent as bearer token
    verifier: str | None = None  # needed where several are served
    reward: str = "binary"  # binary: 1 for a retry that passes, else 0; shaped: the verifier's score
    train_truncated: bool = False  # train on reflections that were cut by length, too
    score: bool = True  # log-probabilities of the trainer's model where the generator returns none
    failed: str = "Your answer is wrong."
    reflect: str = (
        "Do not answer again yet. Reflect on what went wrong in your answer, and write a short explanation of your "
        "mistake that helps you to answer correctly the next time."
    )
    retry: str = "Now answer the original question again:\n\n{{.Question}}"
    visible: Callable[[str], str] | None = None  # what the verifier is shown of a retry's text; None: all of it
    timeout: float = 60.0  # seconds, for one request
    tries: int = 5  # of one request, while the server is busy or away
    batch: int = 64  # verdicts asked for in one request
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
        self._checked = not options.check
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
        verdicts = self._judge(tasks, texts)

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
        for task, verdict in zip(tasks, self._judge(tasks, [_answer(t.attempt) for t in tasks], as_is=True)):
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

    def _judge(self, tasks: Sequence[_Task], texts: Sequence[str], as_is: bool = False) -> list[Mapping[str, Any]]:
        """The verdict on each text; it holds "error" where the verifier could not decide."""
        items = []
        for i, (task, text) in enumerate(zip(tasks, texts)):
            shown = text if as_is or self.options.visible is None else self.options.visible(text)
            item = {"id": i, "answer": task.answer, "response": shown, "messages": list(task.messages)}
            if self.options.verifier is not None:
                item["verifier"] = self.options.verifier
            items.append(item)
        results: list[Mapping[str, Any]] = []
        for start in range(0, len(items), self.options.batch):
            part = items[start : start + self.options.batch]
            answers = _post(self.options, "/verify/batch", {"items": part})["results"]
            if [a["id"] for a in answers] != [item["id"] for item in part]:
                raise RuntimeError(f"{self.options.url}/verify/batch: the results are not those of the items asked for")
            results += answers
        return results


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
