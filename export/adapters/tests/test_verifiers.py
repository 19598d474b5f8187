"""verifiers_reflect plays the paper's loop in an environment of verifiers 0.1.14."""

from __future__ import annotations

import asyncio
import json
import math
import random
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import failures
import verifiers as vf
from datasets import Dataset
from double import double, mulligan
from verifiers.types import Response, ResponseMessage, ResponseTokens

from verifiers_reflect import Options, ReflectEnv, load_environment

REQUEST = "Your answer is wrong.\n\nReflect."
END = 0


def prompts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `rl_prompts_reflect`, the columns that verifiers reads."""
    return [
        {
            "prompt": [*r["prompt"], {"role": "assistant", "content": r["output"]}, {"role": "user", "content": REQUEST}],
            "answer": r["answer"],
            "info": json.dumps({"verifier": "number"}),
            "example_id": i,
        }
        for i, r in enumerate(rows)
    ]


class Client(vf.Client):  # type: ignore[type-arg]
    """A policy behind vf.Client that says up to three sevens and eights at random; a token is a letter, END ends a reply."""

    def __init__(self) -> None:
        super().__init__(random.Random(0))
        self.prompts: list[list[dict[str, str]]] = []

    def setup_client(self, config: Any) -> Any:
        raise NotImplementedError

    async def to_native_tool(self, tool: Any) -> Any:
        raise NotImplementedError

    async def to_native_prompt(self, messages: Any) -> Any:
        return [{"role": m["role"], "content": m["content"]} for m in messages], {}

    async def get_native_response(self, prompt: Any, model: str, sampling_args: Any, tools: Any = None, **kwargs: Any) -> Any:
        self.prompts.append(prompt)
        ids: list[int] = []
        while len(ids) < 3 and ids[-1:] != [END]:
            ids.append(self.client.choice([ord("7"), ord("8"), END]))
        return ids

    async def raise_from_native_response(self, response: Any) -> None:
        pass

    async def from_native_response(self, ids: Any) -> Response:
        tokens = ResponseTokens(
            prompt_ids=[1, 1], prompt_mask=[0, 0], completion_ids=ids, completion_mask=[1] * len(ids), completion_logprobs=[-1.0] * len(ids)
        )
        cut = ids[-1] != END
        text = "".join(chr(i) for i in ids if i != END)
        message = ResponseMessage(content=text, finish_reason="length" if cut else "stop", is_truncated=cut, tokens=tokens)
        return Response(id="1", created=0, model="script", message=message)

    async def close(self) -> None:
        pass


class Says(Client):
    """A policy that says given texts; an error is raised, and None takes for ever."""

    def __init__(self, texts: list[Any]) -> None:
        super().__init__()
        self.texts = list(texts)

    async def get_native_response(self, prompt: Any, model: str, sampling_args: Any, tools: Any = None, **kwargs: Any) -> Any:
        text = self.texts.pop(0)
        if text is None:
            await asyncio.sleep(3600)
        if isinstance(text, Exception):
            raise text
        return [ord(c) for c in text]


class ReflectTest(unittest.TestCase):
    def setUp(self) -> None:
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.folder = home.name
        self.client = Client()

    def rollouts(self, env: vf.Environment, n: int = 1) -> list[Any]:
        async def run() -> list[Any]:
            states = []
            for row in env.get_dataset():
                for _ in range(n):
                    state = await env.rollout(row, self.client, "script", {})
                    await env.rubric.score_rollout(state)
                    states.append(state)
            return states

        return asyncio.run(run())

    def test_only_the_reflection_trains(self) -> None:
        path = str(Path(self.folder) / "prompts.parquet")
        Dataset.from_list(prompts(failures.ROWS)).to_parquet(path)
        with mulligan() as url:
            states = self.rollouts(load_environment(path, url), 12)
        rewards = []
        for state in states:
            self.assertIsNone(state["error"])
            reflection, retry = state["trajectory"]
            n = len(reflection["tokens"]["completion_ids"])
            cut = reflection["tokens"]["completion_ids"][-1] != END
            self.assertEqual(reflection["tokens"]["completion_mask"], [int(not cut)] * n)
            self.assertFalse(any(retry["tokens"]["completion_mask"]))
            right = "7" if "3+4" in state["prompt"][1]["content"] else "8"
            self.assertEqual(state["reward"], float(retry["completion"][-1]["content"] == right))
            rewards.append(state["reward"])
        self.assertEqual(set(rewards), {0.0, 1.0}, "choose another seed")

    def test_conversation_is_that_of_a_run(self) -> None:
        with mulligan() as url:
            (state,) = self.rollouts(ReflectEnv(Dataset.from_list(prompts(failures.ROWS[:1])), Options(url=url)))
        first, second = self.client.prompts
        self.assertEqual(first, prompts(failures.ROWS)[0]["prompt"])
        self.assertEqual(second[: len(first)], first)
        self.assertEqual(second[len(first)]["content"], state["trajectory"][0]["completion"][-1]["content"])
        self.assertEqual(second[len(first) + 1 :], [{"role": "user", "content": "Now answer the original question again:\n\nWhat is 3+4?"}])

    def test_undecided_is_no_zero(self) -> None:
        with mulligan() as url:
            (undecided,) = self.rollouts(ReflectEnv(Dataset.from_list(prompts([failures.UNDECIDABLE])), Options(url=url)))
        away = ReflectEnv(Dataset.from_list(prompts(failures.ROWS[:1])), Options(url="http://127.0.0.1:1", patience=0.0))
        for state, why in ((undecided, "could not be decided"), (self.rollouts(away)[0], "ask http://127.0.0.1:1/verify for a verdict")):
            self.assertIsInstance(state["error"], vf.InfraError)
            self.assertIn(why, str(state["error"]))
            self.assertTrue(math.isnan(state["reward"]))
            self.assertFalse(any(m for step in state["trajectory"] for m in step["tokens"]["completion_mask"]))

    def test_undecided_leaves_its_group(self) -> None:
        env = ReflectEnv(Dataset.from_list(prompts(failures.ROWS[:1])), Options(url="http://127.0.0.1:1"))
        verdicts = [{"pass": True, "score": 1.0}, {"error": "time-out"}, {"pass": False, "score": 0.0}, {"pass": True, "score": 1.0}]

        async def run() -> list[Any]:
            states = [await env.rollout(env.get_dataset()[0], Says(["a\0", "7\0"]), "script", {}) for _ in range(4)]
            states.append(await env.rollout(env.get_dataset()[0], Says(["cut", "7\0"]), "script", {}))
            await env.rubric.score_group(states)
            return states

        with mock.patch("verifiers_reflect._verdict", side_effect=[*verdicts, {"pass": True, "score": 1.0}]):
            states = asyncio.run(run())
        advantages = [1 / 3, 0.0, -2 / 3, 1 / 3, 0.0]  # mean 2/3 of three: not of the undecided, and as in a run not of the cut one
        for state, advantage, mask in zip(states, advantages, [[1, 1], [0, 0], [1, 1], [1, 1], [0, 0, 0]]):
            self.assertAlmostEqual(state["advantage"], advantage)
            self.assertEqual([round(s["advantage"], 6) for s in state["trajectory"]], [round(advantage, 6)] * 2)
            self.assertEqual(state["trajectory"][0]["tokens"]["completion_mask"], mask)
        self.assertEqual([s["reward"] for s in states[2:]], [0.0, 1.0, 1.0])
        self.assertTrue(math.isnan(states[1]["reward"]) and isinstance(states[1]["error"], vf.InfraError))

    def test_retry_that_was_not_drawn(self) -> None:
        for retry, why in (
            (vf.OverlongPromptError("long"), "InfraError.*its prompt is too long"),
            (vf.ModelError("engine 500"), "ModelError.*engine 500"),
            (None, "InfraError.*the rollout ended .timeout_reached"),
        ):
            options = Options(url="http://127.0.0.1:1")
            env = ReflectEnv(Dataset.from_list(prompts(failures.ROWS[:1])), options, timeout_seconds=1.0 if retry is None else None)

            async def run() -> Any:
                state = await env.rollout(env.get_dataset()[0], Says(["a\0", retry]), "script", {})
                await env.rubric.score_group([state])
                return state

            with self.subTest(why):
                state = asyncio.run(run())
                self.assertRegex(repr(state["error"]), why)
                self.assertEqual([any(s["tokens"]["completion_mask"]) for s in state["trajectory"]], [False])
                self.assertTrue(math.isnan(state["reward"]))
                self.assertEqual((state["advantage"], state["trajectory"][0]["advantage"]), (0.0, 0.0))

    def test_thinking_is_no_answer(self) -> None:
        for reflection, retry, thinks, reward in (
            ("a", "<think>8</think>7", False, 1.0),
            ("a", "<think>7</think>no", False, 0.0),
            ("a", "<think>7, let me", False, 0.0),
            ("hm</think>a", "7, let me", False, 0.0),  # the template begins the thinking
            ("a", "7, let me", True, 0.0),
            ("<think>b</think>a", "7", False, 1.0),
        ):
            with self.subTest(retry), mulligan() as url:
                env = ReflectEnv(Dataset.from_list(prompts(failures.ROWS[:1])), Options(url=url, thinks=thinks))
                state = asyncio.run(env.rollout(env.get_dataset()[0], Says([f"{reflection}\0", f"{retry}\0"]), "script", {}))
                self.assertEqual(state["mulligan_reward"], reward)

    def test_server_in_trouble(self) -> None:
        for trouble in (503, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html"):
            with self.subTest(trouble), double(troubles=[trouble]) as server:
                (state,) = self.rollouts(ReflectEnv(Dataset.from_list(prompts(failures.ROWS[:1])), Options(url=server.url)))
                self.assertIsNone(state["error"])

    def test_rows(self) -> None:
        row = prompts(failures.ROWS)[0]
        for change, why in (({"prompt": row["prompt"][:-1]}, "row 0: column prompt ends with"), ({"answer": "{"}, "row 0: column answer")):
            with self.subTest(why), self.assertRaisesRegex(ValueError, why):
                ReflectEnv(Dataset.from_list([{**row, **change}]), Options(url="http://127.0.0.1:1"))


if __name__ == "__main__":
    unittest.main()
