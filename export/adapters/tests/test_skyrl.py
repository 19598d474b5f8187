"""skyrl_reflect and skyrl_replay through SkyRL's own data set, checks, batch tensors, advantages and policy loss."""

from __future__ import annotations

import asyncio
import math
import tempfile
import unittest
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import failures
import numpy as np
import sequences
import torch
from datasets import Dataset
from double import double, mulligan
from engine import Engine, Reply
from skyrl.backends.skyrl_train.utils.ppo_utils import compute_advantages_and_returns, ppo_policy_loss
from skyrl.train.config.config import AlgorithmConfig
from skyrl.train.dataset.dataset import PromptDataset
from skyrl.train.dataset.preprocess import convert_prompts_responses_to_batch_tensors
from skyrl.train.generators.utils import prepare_generator_input
from skyrl.train.utils.trainer_utils import validate_generator_output

from skyrl_reflect import Options, ReflectGenerator, _verdicts
from skyrl_replay import ReplayGenerator, ReplayPrompts


class Client:
    """An Engine behind SkyRL's InferenceEngineInterface."""

    def __init__(self, engine: Engine, longest: int, aborts: Sequence[list[int]] = ()) -> None:
        self.engine, self.longest, self.aborts = engine, longest, list(aborts)

    async def generate(self, input_batch: Any, model: str | None = None) -> Any:
        replies, aborted = [], self.aborts.pop(0) if self.aborts else []
        for i, ids in enumerate(input_batch["prompt_token_ids"]):
            if i in aborted:
                replies.append(Reply([], [], "abort"))
            else:
                replies.append(self.engine.draw(ids, self.longest))
        return {
            "responses": [self.engine.tokenizer.decode(r.ids, skip_special_tokens=True) for r in replies],
            "response_ids": [r.ids for r in replies],
            "stop_reasons": [r.stop for r in replies],
            "response_logprobs": [r.logprobs for r in replies],
        }


def batch_of(data: Any, n: int) -> tuple[Any, list[str]]:
    prompts = data.collate_fn([data[i] for i in range(len(data))])
    return prepare_generator_input(prompts, n, {}, "none", "train", 0)


def tensors(out: Any, pad: int) -> dict[str, torch.Tensor]:
    validate_generator_output(len(out["response_ids"]), out)
    rewards = [[0.0] * (len(ids) - 1) + [r] for ids, r in zip(out["response_ids"], out["rewards"])]  # as postprocess_generator_output does
    seqs, attention, response, reward, loss, logprobs, *_ = convert_prompts_responses_to_batch_tensors(
        pad, out["prompt_token_ids"], out["response_ids"], rewards, out["loss_masks"], out["rollout_logprobs"]
    )
    return dict(sequences=seqs, attention=attention, response=response, reward=reward, loss=loss, logprobs=logprobs)


def gradients(t: dict[str, torch.Tensor], advantages: torch.Tensor, old: torch.Tensor, tis: str | None = None) -> torch.Tensor:
    cfg = AlgorithmConfig()
    cfg.off_policy_correction.tis_ratio_type = tis
    logps = old.clone().requires_grad_()
    loss, _ = ppo_policy_loss(logps, old, advantages, cfg, t["loss"], t["logprobs"])
    loss.backward()
    return logps.grad


class ReflectTest(unittest.TestCase):
    def setUp(self) -> None:
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.folder = home.name
        self.engine = Engine(home.name)

    def generate(self, rows: list[dict[str, Any]], n: int, aborts: Sequence[list[int]] = (), **options: Any) -> tuple[Any, list[str]]:
        path = str(Path(self.folder) / "failures.parquet")
        Dataset.from_list(rows).to_parquet(path)
        data = PromptDataset(datasets=[path], tokenizer=self.engine.tokenizer, max_prompt_length=500, num_workers=1)
        batch, uids = batch_of(data, n)
        with mulligan() as url:
            generator = ReflectGenerator(Client(self.engine, 3, aborts), self.engine.tokenizer, Options(**{"url": url, **options}))
            return asyncio.run(generator.generate(batch)), uids

    def test_only_the_reflection_gets_gradient(self) -> None:
        out, uids = self.generate(failures.ROWS, 12)
        t = tensors(out, self.engine.tokenizer.pad_token_id)
        advantages, _ = compute_advantages_and_returns(t["reward"], t["response"], np.array(uids), "grpo", AlgorithmConfig())
        grad = gradients(t, advantages, t["logprobs"])
        trained = 0
        retries = self.engine.replies[24:]
        for i, (ids, mask, response, g, adv, reward, lp) in enumerate(
            zip(out["response_ids"], t["loss"], t["response"].bool(), grad, advantages, out["rewards"], t["logprobs"])
        ):
            end = self.engine.tokenizer.eos_token_id
            n = ids.index(end) + 1 if end in ids[:3] else 0  # 0: cut at three tokens
            self.assertEqual(mask[response].tolist(), [1] * n + [0] * (len(ids) - n))
            self.assertFalse(mask[~response].any() or g[~response].any() or g[response][n:].any() or lp[response][n:].any())
            self.assertLessEqual(len(ids), 3)
            self.assertEqual(reward, float(retries[i] == "78"[i // 12]))
            if n and adv.any():
                self.assertTrue(g[response][:n].all())
                trained += n
        self.assertGreater(trained, 0, "no group had signal: choose another seed")

    def test_conversation_is_that_of_a_run(self) -> None:
        out, _ = self.generate(failures.ROWS[:1], 1)
        reflect, retry = (self.engine.tokenizer.decode(ids) for ids in self.engine.contexts[:2])
        self.assertEqual(self.engine.contexts[0], out["prompt_token_ids"][0])
        request = "Your answer is wrong.\n\nDo not answer again yet. Reflect on what went wrong"
        self.assertIn(f"What is 3+4?<|im_end|>\n<|im_start|>assistant\n8<|im_end|>\n<|im_start|>user\n{request}", reflect)
        self.assertTrue(retry.startswith(reflect))
        self.assertIn("<|im_start|>user\nNow answer the original question again:\n\nWhat is 3+4?<|im_end|>\n<|im_start|>assistant\n", retry)

    def test_undecided_is_an_error(self) -> None:
        with self.assertRaisesRegex(RuntimeError, r"row 1 \(failure-2\): 3 retries could not be decided"):
            self.generate([failures.ROWS[0], failures.UNDECIDABLE], 1, redraws=2)
        self.assertEqual(len(self.engine.contexts), 2 + 2 + 1 + 1)  # reflections, retries, and twice the retry that was not decided

    def test_thinking_is_no_answer(self) -> None:
        for retry, reward in (
            ("<think>I would say 8</think>7<|im_end|>", 1.0),
            ("<think>3+4 is 7</think>I do not know.<|im_end|>", 0.0),
            ("<think>3 + 4 = 7. Hmm, let me", 0.0),
        ):
            with self.subTest(retry):
                self.engine.says = ["I misread it.<|im_end|>", retry]
                self.assertEqual(self.generate(failures.ROWS[:1], 1)[0]["rewards"], [reward])
        self.engine.says = ["I misread it.<|im_end|>", "<think>7</think>no<|im_end|>"]
        out, _ = self.generate(failures.ROWS[:1], 1, visible=lambda text: text[:8])
        self.assertEqual(out["rewards"], [1.0])

    def test_aborted_draws_are_drawn_again(self) -> None:
        self.engine.says = ["b<|im_end|>", "a<|im_end|>", "7<|im_end|>", "8<|im_end|>"]
        out, _ = self.generate(failures.ROWS, 1, aborts=[[0], [], [1]])  # the first reflection, and the second retry
        self.assertEqual([self.engine.tokenizer.decode(ids)[0] for ids in out["response_ids"]], ["a", "b"])
        self.assertEqual([sum(m) for m in out["loss_masks"]], [2, 2])
        self.assertEqual(out["rewards"], [1.0, 1.0])
        generator = ReflectGenerator(Client(self.engine, 3, [[0], [0]]), self.engine.tokenizer, Options(url="", patience=0.0))
        with self.assertRaisesRegex(RuntimeError, "failure-0.*the engine aborts"):
            asyncio.run(generator.generate({"prompts": [failures.ROWS[0]["prompt"]], "env_extras": failures.ROWS[:1]}))

    def test_empty_reflection(self) -> None:
        self.engine.says = ["", "7<|im_end|>"]
        out, _ = self.generate(failures.ROWS[:1], 1)
        end = self.engine.tokenizer.eos_token_id
        self.assertEqual((out["response_ids"], out["loss_masks"], out["rollout_logprobs"]), ([[end]], [[0]], [[0.0]]))

    def test_server_in_trouble(self) -> None:
        items = [{"id": i, "answer": {"value": "7"}, "response": "7", "messages": []} for i in range(3)]
        for trouble in (503, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html", 1):
            with self.subTest(trouble), double(troubles=[trouble]) as server:
                self.assertEqual([v["pass"] for v in _verdicts(Options(url=server.url), items)], [True] * 3)
        with double(troubles=[1] * 9) as server, self.assertRaisesRegex(RuntimeError, "item 1: 503 stuck"):
            _verdicts(Options(url=server.url, patience=0.0), items)

    def test_server_away(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "ask http://127.0.0.1:1/verify/batch for a verdict"):
            self.generate(failures.ROWS, 1, url="http://127.0.0.1:1", patience=0.0)


class ReplayTest(unittest.TestCase):
    def setUp(self) -> None:
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.engine = Engine(home.name)

    def generate(self, rows: list[dict[str, Any]], **options: Any) -> Any:
        return asyncio.run(ReplayGenerator(**options).generate(batch_of(ReplayPrompts(rows), 1)[0]))

    def advantages(self, t: dict[str, torch.Tensor]) -> torch.Tensor:
        index = np.arange(len(t["reward"])).astype(str)
        return compute_advantages_and_returns(t["reward"], t["response"], index, "mulligan_stored", AlgorithmConfig())[0]

    def test_only_the_reflection_gets_gradient_and_its_stored_advantage(self) -> None:
        rows = sequences.rows(self.engine.model)
        t = tensors(self.generate(rows), 0)
        grad = gradients(t, self.advantages(t), t["logprobs"])
        for row, response, mask, g in zip(rows, t["response"].bool(), t["loss"], grad):
            want = torch.tensor(row["loss_mask"][row["prompt_len"] :])
            self.assertEqual(mask[response].tolist(), want.tolist())
            torch.testing.assert_close(g[response], -row["advantages"][row["loss_mask"].index(1)] * want)
            self.assertFalse(g[~response].any())

    def test_stored_log_probabilities_count(self) -> None:
        for shift, ratio in ((0.0, 1.0), (-0.1, math.exp(0.1))):
            rows = sequences.rows(self.engine.model, shift=shift)
            t = tensors(self.generate(rows), 0)
            old = torch.zeros_like(t["logprobs"])
            for i, row in enumerate(rows):
                logps = self.engine.logps(row["input_ids"][: row["prompt_len"]], row["input_ids"][row["prompt_len"] :])
                old[i, -len(logps) :] = logps.detach()
            plain, corrected = (gradients(t, self.advantages(t), old, tis) for tis in (None, "token"))
            torch.testing.assert_close(corrected, plain * ratio, rtol=1e-4, atol=1e-6)

    def test_rows(self) -> None:
        rows = sequences.rows(self.engine.model)
        at = rows[0]["loss_mask"].index(1)
        hole = [None if i == at else lp for i, lp in enumerate(rows[0]["logprobs"])]
        for change, why in (
            ({"logprobs": hole}, f"column logprobs: element {at} is NULL"),
            ({"logprobs": None}, "column logprobs is NULL"),
            ({"advantages": None}, "column advantages"),
            ({"loss_mask": [0] * len(hole)}, "column loss_mask"),
            ({"logprobs_mode": "mixed"}, "logprobs_mode is mixed"),
            ({"temperature": 0.7}, "temperature is 0.7"),
        ):
            with self.subTest(why), self.assertRaisesRegex(ValueError, rf"row 1 \(sequence-0\): .*{why}"):
                self.generate([rows[1], {**rows[0], **change}])
        out = self.generate([{**rows[0], "logprobs": hole}], unknown="mask")
        self.assertEqual(sum(out["loss_masks"][0]), sum(rows[0]["loss_mask"]) - 1)
        self.assertIsNone(self.generate([{**rows[0], "logprobs": None}], logprobs="ignore")["rollout_logprobs"])
        with self.assertRaisesRegex(ValueError, "row 0: no column logprobs"):
            ReplayPrompts([{k: v for k, v in rows[0].items() if k != "logprobs"}])


if __name__ == "__main__":
    unittest.main()
