"""Reflect, Retry, Reward as an environment of verifiers: the policy reflects and retries, Mulligan judges, the reflection trains.

The data are rows of the export format `rl_prompts_reflect`: the prompt is the conversation up to the request to
reflect, after a failed attempt that was kept earlier. Turn 1 is the reflection; the environment puts the question
again; turn 2 is the retry. `mulligan serve` judges the retry, and its verdict is the reward of the reflection's tokens,
and of no others (Bensal et al., arXiv 2505.24726).

    env = load_environment("rl_prompts_reflect/train-00000-of-00001.parquet", url="http://127.0.0.1:8730")

completion_mask of the retry's step is 0 on every token, so that a trainer of trajectory steps trains the reflection
alone. A reflection that was cut by length gets 0, too, unless train_truncated; its reward stays that of its retry.

Undecided: where Mulligan could not decide or does not answer, and where the retry was not drawn (a prompt too long, an
engine's error, a time-out), the rollout has error (vf.InfraError unless it had one, which Environment draws again max_retries times where it
is told to), nothing of it trains, and its reward is NaN: verifiers would make 0.0 of any error in a reward function,
which is why the verdict is asked for during the rollout. The advantages of a group are those of the rollouts that
train: the others have 0 and are not in its mean. A trainer that makes advantages of rewards itself has to leave rollouts with error out.

Tested with: verifiers 0.1.14 (MultiTurnEnv; a scripted policy behind vf.Client). verifiers 0.4.0 has no data set API and another kind of
environment (verifiers.v1): this is not for it.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import math
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import datasets
import verifiers as vf

AGAIN = (408, 429, 500, 502, 503, 504)  # statuses that pass


@dataclass(frozen=True)
class Options:
    """Options of the environment."""

    url: str  # of `mulligan serve`
    token: str | None = None  # sent as bearer token
    verifier: str | None = None  # needed where several are served
    reward: str = "binary"  # binary: 1 for a retry that passes, else 0; shaped: the verifier's score
    train_truncated: bool = False  # train on reflections that were cut by length, too
    retry: str = "Now answer the original question again:\n\n{{.Question}}"  # {{.Question}} is the last message of the task
    visible: Callable[[str], str] | None = None  # what the verifier is shown of a retry's text; None: what stands behind its thinking
    thinks: bool = False  # the chat template begins replies with <think>: one without </think> has not said anything
    timeout: float = 60.0  # seconds, for one request
    patience: float = 300.0  # seconds, while the server is busy or away


class ReflectEnv(vf.MultiTurnEnv):
    """Two turns: reflection and retry."""

    def __init__(self, dataset: datasets.Dataset, options: Options, **kwargs: Any) -> None:
        if options.reward not in ("binary", "shaped"):
            raise ValueError(f"reward is {options.reward!r}: want binary or shaped")
        for i, row in enumerate(dataset):
            roles = [m["role"] for m in row["prompt"][-2:]]
            if len(row["prompt"]) < 3 or roles != ["assistant", "user"]:
                raise ValueError(
                    f"row {i}: column prompt ends with {roles}: want a task, an attempt and a request to reflect (format rl_prompts_reflect)"
                )
            try:
                json.loads(row["answer"])
            except (TypeError, ValueError) as e:
                raise ValueError(f"row {i}: column answer: {e}") from e
        self.options = options
        super().__init__(dataset=dataset, rubric=ReflectRubric([vf.Rubric(funcs=[reflection_reward])]), max_turns=2, **kwargs)

    async def env_response(self, messages: vf.Messages, state: vf.State, **kwargs: Any) -> vf.Messages:
        """The question, put again."""
        return [vf.UserMessage(content=_render(self.options.retry, _text(state["prompt"][-3])))]

    async def add_trajectory_step(self, state: vf.State, trajectory_step: vf.TrajectoryStep) -> None:
        await super().add_trajectory_step(state, trajectory_step)
        tokens = trajectory_step["tokens"]
        if len(state["trajectory"]) == 1:
            state["mulligan_mask"] = list(tokens["completion_mask"]) if tokens is not None else []
        _mask(trajectory_step)  # nothing trains before there is a verdict
        if len(state["trajectory"]) == 1:
            return
        reflection = state["trajectory"][0]
        item = {
            "id": 0,
            "answer": json.loads(state["answer"]),
            "response": self._shown(_text(trajectory_step["completion"][-1]), _text(reflection["completion"][-1])),
            "messages": [{"role": m["role"], "content": _text(m)} for m in state["prompt"][:-2]],
        }
        if self.options.verifier is not None:
            item["verifier"] = self.options.verifier
        o = self.options
        try:
            verdict = await asyncio.to_thread(_verdict, o.url, o.token, item, o.timeout, o.patience)
        except RuntimeError as e:
            raise vf.InfraError(str(e)) from e
        if "error" in verdict:
            raise vf.InfraError(f"could not be decided: {verdict['error']}")
        state["mulligan_verdict"] = verdict
        state["mulligan_reward"] = float(verdict["score"]) if o.reward == "shaped" else float(bool(verdict["pass"]))
        state["mulligan_trains"] = o.train_truncated or not reflection["is_truncated"]
        if state["mulligan_trains"] and reflection["tokens"] is not None:
            reflection["tokens"]["completion_mask"] = state["mulligan_mask"]

    @vf.cleanup
    async def judged(self, state: vf.State) -> None:
        """Gives a rollout that ended without a verdict an error, where it has none."""
        if "mulligan_verdict" not in state and state.get("error") is None:
            why = "its prompt is too long" if state.get("prompt_too_long") else f"the rollout ended ({state.get('stop_condition')})"
            state["error"] = vf.InfraError(f"the retry was not judged: {why}")

    def _shown(self, said: str, reflection: str) -> str:
        """What the verifier is shown of a retry: what stands behind its thinking, as in a run; nothing where that has no end."""
        if self.options.visible is not None:
            return self.options.visible(said)
        before, end, _behind = reflection.partition("</think>")
        begun = self.options.thinks or (end != "" and "<think>" not in before)  # the template's, then
        _before, end, behind = said.rpartition("</think>")
        return "" if begun and not end else behind.partition("<think>")[0]


class ReflectRubric(vf.RubricGroup):
    """Rewards of verifiers, and advantages of the rollouts that train: a NaN in the mean would be the advantage of the whole group."""

    async def score_group(self, states: list[vf.State]) -> None:
        await super().score_group(states)
        rewards = [s["reward"] for s in states if s.get("mulligan_trains")]
        for state in states:
            state["advantage"] = state["reward"] - sum(rewards) / len(rewards) if state.get("mulligan_trains") else 0.0
            for step in state["trajectory"]:
                step["advantage"], step["reward"] = state["advantage"], state["reward"]


def load_environment(data: str, url: str, **options: Any) -> ReflectEnv:
    """The environment over a Parquet file of the format rl_prompts_reflect; options are those of Options."""
    rows = datasets.load_dataset("parquet", data_files=data, split="train")
    missing = [c for c in ("prompt", "answer", "info", "example_id") if c not in rows.column_names]
    if missing:
        raise ValueError(f"{data}: no column {', '.join(missing)}: want the export format rl_prompts_reflect")
    return ReflectEnv(rows.select_columns(["prompt", "answer", "info", "example_id"]), Options(url=url, **options))


async def reflection_reward(state: vf.State) -> float:
    """What the verdict on the retry gave the reflection; NaN: there is none."""
    return float(state.get("mulligan_reward", math.nan))


def _mask(step: vf.TrajectoryStep) -> None:
    """Takes a step out of the loss; without tokens there is nothing that could train."""
    if step["tokens"] is not None:
        step["tokens"]["completion_mask"] = [0] * len(step["tokens"]["completion_ids"])


def _text(message: Any) -> str:
    """What a verifier is shown of a message: its text, or the calls of tools that an engine parsed out of it."""
    calls = message.get("tool_calls") or []
    if calls:
        return json.dumps([{"name": c.name, "arguments": json.loads(c.arguments)} for c in calls])
    content = message["content"] or ""
    return content if isinstance(content, str) else "".join(p.get("text", "") for p in content)


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


def _render(template: str, question: str) -> str:
    """Fills a text of a plan in. Of Go's templates it knows {{.Question}}, the only field there is."""
    text = re.sub(r"\{\{\s*\.Question\s*\}\}", "\0", template.strip())
    if "{{" in text:
        raise ValueError(f"prompt text {template!r}: only {{{{.Question}}}} can stand in braces")
    return text.replace("\0", question)
