"""slime_reflect by contract: the modules of slime that it imports are stood in for by what was read of them at the commit named there."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import types
import unittest
from argparse import Namespace
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import failures
from double import double, mulligan
from engine import Engine


@dataclass
class Sample:
    """slime.utils.types.Sample, the fields that a generate function meets."""

    class Status(Enum):
        PENDING = "pending"
        COMPLETED = "completed"
        TRUNCATED = "truncated"
        ABORTED = "aborted"

    index: int = 0
    prompt: Any = ""
    label: str | None = None
    tokens: list[int] = field(default_factory=list)
    response: str = ""
    response_length: int = 0
    reward: float | None = None
    loss_mask: list[int] | None = None
    rollout_log_probs: list[float] | None = None
    remove_sample: bool = False
    status: Status = Status.PENDING
    metadata: dict[str, Any] = field(default_factory=dict)

    def append_response_tokens(
        self, args: Any = None, *, tokens: list[int], log_probs: Any = None, trainable: bool = True, meta_info: Any = None, text: str = ""
    ) -> None:
        if trainable == (log_probs is None):
            raise ValueError("log-probabilities belong to trainable tokens, and to no others")
        self.tokens += tokens
        self.response, self.response_length = self.response + text, self.response_length + len(tokens)
        self.loss_mask = (self.loss_mask or []) + [int(trainable)] * len(tokens)
        self.rollout_log_probs = (self.rollout_log_probs or []) + (log_probs or [0.0] * len(tokens))
        if meta_info:
            self.status = {"stop": self.Status.COMPLETED, "length": self.Status.TRUNCATED}[meta_info["finish_reason"]["type"]]
        assert len(self.loss_mask) == len(self.rollout_log_probs) == self.response_length


@dataclass
class DynamicFilterOutput:
    keep: bool
    reason: str | None = None


class Slime:
    """The modules, and an Engine behind the router of SGLang."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.finish = engine, ""
        modules: dict[str, dict[str, Any]] = {
            "slime": {}, "slime.rollout": {}, "slime.utils": {}, "slime.rollout.filter_hub": {},
            "slime.rollout.filter_hub.base_types": {"DynamicFilterOutput": DynamicFilterOutput},
            "slime.rollout.sglang_rollout": {"GenerateState": lambda args: Namespace(tokenizer=engine.tokenizer)},
            "slime.utils.http_utils": {"post": self.post},
            "slime.utils.types": {"Sample": Sample},
        }  # fmt: skip
        for name, content in modules.items():
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__dict__.update(content)
        sys.modules.pop("slime_reflect", None)

    async def post(self, url: str, payload: dict[str, Any]) -> dict[str, Any]:
        assert url == "http://127.0.0.1:3000/generate" and payload["return_logprob"]
        reply = self.engine.draw(payload["input_ids"], payload["sampling_params"]["max_new_tokens"])
        return {
            "text": self.engine.tokenizer.decode(reply.ids, skip_special_tokens=True),
            "meta_info": {
                "finish_reason": {"type": self.finish or reply.stop},
                "output_token_logprobs": [[lp, i, None] for lp, i in zip(reply.logprobs, reply.ids)],
            },
        }


class ReflectTest(unittest.TestCase):
    def setUp(self) -> None:
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.engine = Engine(home.name)
        self.slime = Slime(self.engine)
        import slime_reflect

        self.module = slime_reflect

    def play(self, row: dict[str, Any], evaluation: bool = False, **args: Any) -> Sample:
        request = "Your answer is wrong.\n\nReflect."
        prompt = [*row["prompt"], {"role": "assistant", "content": row["output"]}, {"role": "user", "content": request}]
        sample = Sample(index=7, prompt=prompt, label=row["answer"])
        with mulligan() as url:
            a = Namespace(**{"sglang_router_ip": "127.0.0.1", "sglang_router_port": 3000, "mulligan_url": url, **args})
            return asyncio.run(self.module.generate(a, sample, {"max_new_tokens": 3}, evaluation))

    def test_only_the_reflection_trains(self) -> None:
        rewards, cuts = [], 0
        for _ in range(40):
            s = self.play(failures.ROWS[0])
            reflect, retry = self.engine.contexts[-2:]
            said = s.tokens[len(reflect) :]
            end = self.engine.tokenizer.eos_token_id
            n = len(said) if said[-1] == end else 0
            self.assertEqual(s.tokens[: len(reflect)], reflect)
            self.assertEqual(retry[: len(s.tokens)], s.tokens)
            self.assertEqual(s.loss_mask, [1] * n + [0] * (s.response_length - n))
            self.assertEqual([lp < 0 for lp in s.rollout_log_probs[:n]], [True] * n)
            self.assertEqual(s.status, Sample.Status.COMPLETED if n else Sample.Status.TRUNCATED)
            self.assertEqual(s.reward, float(self.engine.replies[-1] == "7"))
            question = "<|im_start|>user\nNow answer the original question again:\n\nWhat is 3+4?<|im_end|>\n<|im_start|>assistant\n"
            self.assertIn(question, self.engine.tokenizer.decode(retry))
            rewards.append(s.reward)
            cuts += n == 0
        self.assertEqual((set(rewards), 0 < cuts < 40), ({0.0, 1.0}, True), "choose another seed")

    def test_undecided_drops_the_group(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "sample 7: 4 retries could not be decided"):
            self.play(failures.UNDECIDABLE)
        with self.assertRaisesRegex(RuntimeError, "could not be decided"):
            self.play(failures.UNDECIDABLE, evaluation=True, dynamic_sampling_filter_path="slime_reflect.keep_decided")
        bad = self.play(failures.UNDECIDABLE, dynamic_sampling_filter_path="slime_reflect.keep_decided")
        good = self.play(failures.ROWS[0])
        self.assertFalse(any(bad.loss_mask))
        self.assertFalse(self.module.keep_decided(Namespace(), [good, bad]).keep)
        self.assertTrue(self.module.keep_decided(Namespace(), [good, good]).keep)

    def test_abort_starts_again(self) -> None:
        self.slime.finish = "abort"
        s = self.play(failures.ROWS[0])
        self.assertEqual((s.status, s.tokens, s.response_length, s.reward), (Sample.Status.ABORTED, [], 0, None))

    def test_thinking_is_no_answer(self) -> None:
        for retry, reward in (
            ("<think>I would say 8</think>7<|im_end|>", 1.0),
            ("<think>3+4 is 7</think>I do not know.<|im_end|>", 0.0),
            ("<think>3 + 4 = 7. Hmm, let me", 0.0),
        ):
            with self.subTest(retry):
                self.engine.says = ["I misread it.<|im_end|>", retry]
                self.assertEqual(self.play(failures.ROWS[0]).reward, reward)
        self.engine.says = ["I misread it.<|im_end|>", "<think>no</think>7 or 8<|im_end|>"]
        self.assertEqual(self.play(failures.ROWS[0], mulligan_show_thinking=True).reward, 0.0)

    def test_what_the_verifier_is_asked(self) -> None:
        self.engine.says = ["I misread it.<|im_end|>", "7<|im_end|>"]
        with double() as server:
            s = self.play(failures.ROWS[0], mulligan_url=server.url)
        want = {"id": 0, "answer": {"value": "7"}, "response": "7", "messages": failures.ROWS[0]["prompt"]}
        self.assertEqual((s.reward, server.items), (1.0, [want]))

    def test_empty_reflection(self) -> None:
        self.engine.says = ["", "7<|im_end|>"]
        s = self.play(failures.ROWS[0])
        self.assertEqual((s.response_length, s.loss_mask, s.rollout_log_probs), (1, [0], [0.0]))

    def test_server_in_trouble(self) -> None:
        for trouble in (503, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html"):
            with self.subTest(trouble), double(troubles=[trouble]) as server:
                self.engine.says = ["I misread it.<|im_end|>", "7<|im_end|>"]
                self.assertEqual(self.play(failures.ROWS[0], mulligan_url=server.url).reward, 1.0)

    def test_template_that_begins_the_thinking(self) -> None:
        template = self.engine.tokenizer.chat_template
        self.engine.tokenizer.chat_template = template.replace("assistant\n' }}{% endif", "assistant\n<think>\n' }}{% endif")
        for retry, reward in (("7, let me", 0.0), ("8 is wrong</think>7<|im_end|>", 1.0)):
            self.engine.says = ["hm</think>I misread it.<|im_end|>", retry]
            self.assertEqual(self.play(failures.ROWS[0]).reward, reward)

    def test_rows(self) -> None:
        for change, why in (
            ({"prompt": []}, "sample 7: prompt ends with"),
            ({"answer": ""}, "sample 7: no label"),
            ({"answer": "{"}, "sample 7: label:"),
        ):
            with self.subTest(why), self.assertRaisesRegex(ValueError, why):
                self.play({**failures.ROWS[0], **change})
        with self.assertRaisesRegex(ValueError, "no mulligan_url"):
            self.play(failures.ROWS[0], mulligan_url=None)


if __name__ == "__main__":
    unittest.main()
