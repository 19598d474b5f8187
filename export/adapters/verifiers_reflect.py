"""Reflect, Retry, Reward as an environment of verifiers: the policy reflects and retries, Mulligan judges, the reflection trains.

The data are rows of the export format `rl_prompts_reflect`: the prompt is the conversation up to the request to
reflect, after a failed attempt that was kept earlier. Turn 1 is the reflection; the environment puts the question
again; turn 2 is the retry. `mulligan serve` judges the retry, and its verdict is the reward of the reflection's tokens,
and of no others (Bensal et al., arXiv 2505.24726).

    env = load_environment("rl_prompts_reflect/train-00000-of-00001.parquet", url="http://127.0.0.1:8730")

completion_mask of the retry's step is 0 on every token, so that a trainer of trajectory steps trains the reflection
alone. A reflection that was cut by length gets 0, too, unless train_truncated; its reward stays that of its retry.

Undecided: where Mulligan could not decide, or does not answer, the rollout has error (vf.InfraError, which Environment
draws again max_retries times where it is told to), nothing of it trains, and its reward is NaN: verifiers would make
0.0 of any error in a reward function, which is why the verdict is asked for during the rollout.

Tested with: verifiers 0.1.14 (MultiTurnEnv; a scripted policy behind vf.Client). verifiers 0.4.0 has no data set API and another kind of
environment (verifiers.v1): this is not for it.
"""

from __future__ import annotations

import asyncio
import json
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


@dataclass(frozen=True)
class Options:
    """Options of the environment."""

    url: str  # of `mulligan serve`
    token: str | None = None  # sent as bearer token
    verifier: str | None = None  # needed where several are served
    reward: str = "binary"  # binary: 1 for a retry that passes, else 0; shaped: the verifier's score
    train_truncated: bool = False  # train on reflections that were cut by length, too
    retry: str = "Now answer the original question again:\n\n{{.Question}}"  # {{.Question}} is the last message of the task
    visible: Callable[[str], str] | None = None  # what the verifier is shown of a retry's text; None: all of it
    timeout: float = 60.0  # seconds, for one request
    tries: int = 5  # of one request, while the server is busy or away


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
        super().__init__(dataset=dataset, rubric=vf.Rubric(funcs=[reflection_reward]), max_turns=2, **kwargs)

    async def env_response(self, messages: vf.Messages, state: vf.State, **kwargs: Any) -> vf.Messages:
        """The question, put again."""
        return [vf.UserMessage(content=_render(self.options.retry, _text(state["prompt"][-3])))]

    async def add_trajectory_step(self, state: vf.State, trajectory_step: vf.TrajectoryStep) -> None:
        await super().add_trajectory_step(state, trajectory_step)
        first = len(state["trajectory"]) == 1
        if not first or (trajectory_step["is_truncated"] and not self.options.train_truncated):
            _mask(trajectory_step)
        if first:
            return
        said = _text(trajectory_step["completion"][-1])
        item = {
            "id": 0,
            "answer": json.loads(state["answer"]),
            "response": said if self.options.visible is None else self.options.visible(said),
            "messages": [{"role": m["role"], "content": _text(m)} for m in state["prompt"][:-2]],
        }
        try:
            verdict = await asyncio.to_thread(_verdict, self.options, item)
            if "error" in verdict:
                raise vf.InfraError(f"could not be decided: {verdict['error']}")
        except vf.InfraError:
            _mask(state["trajectory"][0])
            raise
        state["mulligan_verdict"] = verdict
        state["mulligan_reward"] = float(verdict["score"]) if self.options.reward == "shaped" else float(bool(verdict["pass"]))


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


def _verdict(options: Options, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Asks for one verdict, again while the server is busy or away; holds "error" where the verifier could not decide."""
    url = options.url.rstrip("/") + "/verify"
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {options.token}"} if options.token else {})}
    body = {**item, "verifier": options.verifier} if options.verifier is not None else item
    data, why = json.dumps(body, ensure_ascii=False).encode(), ""
    for n in range(options.tries):
        if n > 0:
            time.sleep(min(30.0, 0.5 * 2 ** (n - 1)))
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=options.timeout) as reply:
                return dict(json.load(reply))
        except urllib.error.HTTPError as e:
            text = e.read()
            if e.code == 422:
                return dict(json.loads(text))
            why = f"{e.code} {text[:500].decode(errors='replace').strip()}"
            if e.code not in (408, 429, 500, 502, 503, 504):
                break
        except OSError as e:
            why = str(e)
    raise vf.InfraError(f"ask {url} for a verdict: {why}")


def _render(template: str, question: str) -> str:
    """Fills a text of a plan in. Of Go's templates it knows {{.Question}}, the only field there is."""
    text = re.sub(r"\{\{-?\s*\.Question\s*-?\}\}", "\0", template.strip())
    if "{{" in text:
        raise ValueError(f"prompt text {template!r}: only {{{{.Question}}}} can stand in braces")
    return text.replace("\0", question)
