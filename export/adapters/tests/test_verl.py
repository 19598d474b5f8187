"""verl_reflect and verl_replay in verl's own worker, advantages and policy loss."""

from __future__ import annotations

import asyncio
import math
import tempfile
import unittest
from pathlib import Path
from typing import Any

import failures
import numpy as np
import sequences
import torch
import verl_reflect
from datasets import Dataset
from double import double, mulligan
from engine import Engine
from omegaconf import OmegaConf
from verl import DataProto
from verl.experimental.agent_loop.agent_loop import AgentLoopWorker, DictConfigWrap
from verl.trainer.ppo.core_algos import compute_policy_loss_vanilla
from verl.trainer.ppo.ray_trainer import compute_advantage
from verl.trainer.ppo.rollout_corr_helper import compute_rollout_correction_and_add_to_batch
from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn, get_dataset_class
from verl.workers.config import ActorConfig
from verl.workers.rollout.replica import TokenOutput

from verl_reflect import ReflectAgentLoop
from verl_replay import ReplayAgentLoop, ReplayDataset


class Server:
    """An Engine behind the interface of LLMServerClient."""

    def __init__(self, engine: Engine, longest: int | None = None) -> None:
        self.engine, self.longest, self.stops = engine, longest, []  # type: ignore[var-annotated]

    async def generate(self, request_id: str, *, prompt_ids: list[int], sampling_params: dict[str, Any]) -> TokenOutput:
        stop = self.stops.pop(0) if self.stops else "completed"
        if stop == "aborted":  # as vLLM's server does while weights are loaded
            return TokenOutput(token_ids=[], stop_reason=stop, extra_fields={"min_global_steps": 0})
        reply = self.engine.draw(prompt_ids, self.longest or sampling_params["max_tokens"])
        if self.longest and len(reply.ids) == self.longest and reply.stop == "length":
            stop = "length"  # as LLMServerClient says where it counts
        return TokenOutput(token_ids=reply.ids, log_probs=reply.logprobs, stop_reason=stop, extra_fields={"min_global_steps": 0})


def config(prompt_length: int = 600, response_length: int = 250, temperature: float = 1.0) -> Any:
    rollout = {"prompt_length": prompt_length, "response_length": response_length, "temperature": temperature}
    return OmegaConf.create({"actor_rollout_ref": {"rollout": rollout}, "data": {}})


def made(loop: type, engine: Engine, longest: int | None = None, cfg: Any = None, **options: Any) -> Any:
    cfg = cfg or config()
    return loop(
        trainer_config=DictConfigWrap(cfg), server_manager=Server(engine, longest), tokenizer=engine.tokenizer, processor=None,
        dataset_cls=RLHFDataset, data_config=DictConfigWrap(cfg.data), hf_model_type="qwen2", **options,
    )  # fmt: skip


def worker(engine: Engine, cfg: Any) -> Any:
    w = object.__new__(AgentLoopWorker)
    w.rollout_config = cfg.actor_rollout_ref.rollout
    w.tokenizer, w.processor, w.mm_processor_kwargs = engine.tokenizer, None, {}
    w.reward_loop_worker_handles, w.distillation_enabled = None, False
    return w


def play(loop: Any, engine: Engine, batch: dict[str, Any], cfg: Any = None) -> DataProto:
    """What AgentLoopWorker.generate_sequences does with a batch, without ray."""
    w = worker(engine, cfg or config())

    async def run() -> DataProto:
        rows = [{k: v[i] for k, v in batch.items()} for i in range(len(batch["raw_prompt"]))]
        outputs = [
            await w._agent_loop_postprocess(await loop.run({"temperature": 1.0, "logprobs": True}, **row), False, **row) for row in rows
        ]
        return w._postprocess(outputs, input_non_tensor_batch={k: v for k, v in batch.items() if k != "dummy_tensor"})

    out = asyncio.run(run())
    out.batch["token_level_rewards"] = out.batch["rm_scores"]
    return out


def loss_gradients(out: DataProto, old: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    logps = old.clone().requires_grad_()
    actor = ActorConfig(strategy="fsdp", rollout_n=1, ppo_micro_batch_size_per_gpu=1)
    loss, _ = compute_policy_loss_vanilla(
        old, logps, out.batch["advantages"], out.batch["response_mask"], config=actor, rollout_is_weights=weights
    )
    loss.backward()
    return logps.grad


class ReflectTest(unittest.TestCase):
    def setUp(self) -> None:
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.folder = home.name
        self.engine = Engine(home.name)

    def batch(self, rows: list[dict[str, Any]], n: int = 1) -> dict[str, Any]:
        """Rows of failures, as verl would read them from Parquet, n times each."""
        path = str(Path(self.folder) / "failures.parquet")
        Dataset.from_list(rows).to_parquet(path)
        cfg = {"path": str(Path(verl_reflect.__file__)), "name": "FailuresDataset"}
        made = get_dataset_class(OmegaConf.create({"custom_cls": cfg}))
        data = made(data_files=[path], tokenizer=self.engine.tokenizer, config=OmegaConf.create({"cache_dir": self.folder}))
        return dict(collate_fn([data[i] for i in range(len(data)) for _ in range(n)]))

    def test_only_the_reflection_gets_gradient(self) -> None:
        with mulligan() as url:
            out = play(made(ReflectAgentLoop, self.engine, longest=3, url=url), self.engine, self.batch(failures.ROWS, 12))
        out.non_tensor_batch["uid"] = np.array(["a"] * 12 + ["b"] * 12, dtype=object)
        compute_advantage(out, "grpo", config=OmegaConf.create({}))
        grad = loss_gradients(out, out.batch["rollout_log_probs"])
        end, trained = self.engine.tokenizer.eos_token_id, 0
        for ids, mask, attention, g, adv, lp, reward, retry, name in zip(
            out.batch["responses"], out.batch["response_mask"], out.batch["attention_mask"][:, 600:], grad, out.batch["advantages"],
            out.batch["rollout_log_probs"], out.batch["rm_scores"].sum(1), self.engine.replies[1::2], out.non_tensor_batch["uid"],
        ):  # fmt: skip
            ids = ids[attention.bool()].tolist()
            if ids[:3].count(end) == 0:  # cut at three tokens
                self.assertFalse(mask.any())
                continue
            stop = len(ids)
            self.assertEqual(ids.index(end), stop - 1)
            self.assertEqual(mask.tolist(), [1] * stop + [0] * (250 - stop))
            self.assertFalse(g[stop:].any())
            self.assertFalse(lp[stop:].any())
            self.assertTrue((lp[:stop] < 0).all())
            self.assertEqual(float(reward), float(retry == ("7" if name == "a" else "8")))
            if adv.any():
                self.assertTrue(g[:stop].all())
                trained += stop
        self.assertGreater(trained, 0, "no group had signal: choose another seed")

    def test_every_estimator_sees_the_reward(self) -> None:
        self.engine.says = ["a<|im_end|>", "7<|im_end|>", "b<|im_end|>", "8<|im_end|>"]
        with mulligan() as url:
            out = play(made(ReflectAgentLoop, self.engine, url=url), self.engine, self.batch(failures.ROWS[:1], 2))
        out.non_tensor_batch["uid"] = np.array(["a", "a"], dtype=object)
        for estimator in ("grpo", "reinforce_plus_plus", "rloo", "gae"):
            out.batch["values"] = torch.zeros_like(out.batch["rm_scores"])
            got = compute_advantage(out, estimator, gamma=1.0, lam=1.0, num_repeat=2, config=OmegaConf.create({"gamma": 1.0})).batch
            with self.subTest(estimator):
                rewarded, other = got["advantages"][0, :2], got["advantages"][1, :2]
                self.assertTrue((rewarded > other).all(), got["advantages"][:, :4])

    def test_conversation_is_that_of_a_run(self) -> None:
        with mulligan() as url:
            loop = made(ReflectAgentLoop, self.engine, longest=3, url=url)
            out = play(loop, self.engine, self.batch(failures.ROWS[:1]))
        reflect, retry = (self.engine.tokenizer.decode(ids) for ids in self.engine.contexts[:2])
        self.assertEqual(reflect, self.engine.tokenizer.decode(out.batch["prompts"][0]).replace("<|pad|>", ""))
        request = "Your answer is wrong.\n\nDo not answer again yet. Reflect on what went wrong"
        self.assertIn(f"What is 3+4?<|im_end|>\n<|im_start|>assistant\n8<|im_end|>\n<|im_start|>user\n{request}", reflect)
        self.assertTrue(retry.startswith(reflect))
        self.assertIn("<|im_start|>user\nNow answer the original question again:\n\nWhat is 3+4?<|im_end|>\n<|im_start|>assistant\n", retry)

    def test_undecided_is_an_error(self) -> None:
        with mulligan() as url:
            loop = made(ReflectAgentLoop, self.engine, longest=2, url=url, redraws=2)
            with self.assertRaisesRegex(RuntimeError, "failure failure-2: 3 retries could not be decided"):
                play(loop, self.engine, self.batch([failures.UNDECIDABLE]))
        self.assertEqual(len(self.engine.contexts), 4)  # a reflection and three retries

    def test_thinking_is_no_answer(self) -> None:
        for retry, reward in (
            ("<think>I would say 8</think>7<|im_end|>", 1.0),
            ("<think>3+4 is 7</think>I do not know.<|im_end|>", 0.0),
            ("<think>3 + 4 = 7. Hmm, let me", 0.0),
        ):
            with self.subTest(retry):
                self.engine.says = ["I misread it.<|im_end|>", retry]
                self.assertEqual(self.one().reward_score, reward)
        self.engine.says = ["I misread it.<|im_end|>", "<think>no</think>7 or 8<|im_end|>"]
        self.assertEqual(self.one(show_thinking=True).reward_score, 0.0)

    def test_end_of_a_turn(self) -> None:
        for said, limit, trains in (
            ("think again<|im_start|>", 250, True),  # a chat model that ends its turn with another token than tokenizer.eos_token
            ("think again", 250, True),  # ended by a stop text
            ("think again", 11, False),
            ("think agai<|im_end|>", 11, True),
        ):
            with self.subTest(said=said, limit=limit):
                self.engine.says = [said, "7<|im_end|>"]
                out = self.one(config(response_length=limit))
                self.assertEqual(out.response_mask[: len(said)].count(1) > 0, trains)
                self.assertEqual(out.extra_fields["reward_extra_info"]["reflection_cut"], float(not trains))
        cfg = config()
        self.engine.says = ["again", "7<|im_end|>"]
        cfg.actor_rollout_ref.rollout.max_model_len = len(self.one().prompt_ids) + 5
        self.engine.says = ["again", "7<|im_end|>"]
        self.assertEqual(self.one(cfg).extra_fields["reward_extra_info"]["reflection_cut"], 1.0)

    def test_aborted_draws_are_drawn_again(self) -> None:
        self.engine.says = ["think again<|im_end|>", "7<|im_end|>"]
        out = self.one(stops=["aborted", "completed", "aborted", "completed"])
        self.assertEqual((out.reward_score, sum(out.response_mask)), (1.0, 12))
        self.engine.says = ["think again<|im_end|>", "7<|im_end|>"]
        self.assertEqual(self.one(stops=["aborted"], patience=0.0).reward_score, 1.0)  # patience begins with the first abort
        with self.assertRaisesRegex(RuntimeError, "failure failure-0: the server aborts"):
            self.one(stops=["aborted", "aborted"], patience=0.0)

    def test_empty_reflection(self) -> None:
        self.engine.says = ["", "7<|im_end|>"]
        out = self.one()
        self.assertEqual((out.response_ids, out.response_mask, out.response_logprobs), ([self.engine.tokenizer.eos_token_id], [0], [0.0]))

    def one(self, cfg: Any = None, stops: Any = (), **options: Any) -> Any:
        """What the loop returns for one row."""
        with mulligan() as url:
            loop = made(ReflectAgentLoop, self.engine, cfg=cfg, url=url, **options)
            loop.server_manager.stops = list(stops)
            return asyncio.run(loop.run({"temperature": 1.0, "logprobs": True}, mulligan_row=failures.ROWS[0]))

    def test_server_in_trouble(self) -> None:
        for trouble in (503, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html"):
            with self.subTest(trouble), double(troubles=[trouble]) as server:
                item = {"id": 0, "answer": {"value": "7"}, "response": "7", "messages": []}
                self.assertTrue(verl_reflect._verdict(server.url, None, item, 60.0, 60.0)["pass"])

    def test_long_context_is_an_error(self) -> None:
        cfg = config(prompt_length=60)
        loop = made(ReflectAgentLoop, self.engine, cfg=cfg, url="http://127.0.0.1:1")
        with self.assertRaisesRegex(ValueError, "failure failure-0: its context has [0-9]+ tokens, rollout.prompt_length is 60"):
            play(loop, self.engine, self.batch(failures.ROWS[:1]), cfg)

    def test_server_away(self) -> None:
        loop = made(ReflectAgentLoop, self.engine, longest=2, url="http://127.0.0.1:1", patience=0.0)
        with self.assertRaisesRegex(RuntimeError, "ask http://127.0.0.1:1/verify for a verdict"):
            play(loop, self.engine, self.batch(failures.ROWS[:1]))


class ReplayTest(unittest.TestCase):
    def setUp(self) -> None:
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.folder = home.name
        self.engine = Engine(home.name)

    def play(self, rows: list[dict[str, Any]], cfg: Any = None, **options: Any) -> DataProto:
        path = str(Path(self.folder) / "sequences.parquet")
        Dataset.from_list(rows).to_parquet(path)
        data = ReplayDataset([path], config=OmegaConf.create({"cache_dir": self.folder}))
        batch = collate_fn([data[i] for i in range(len(data))])
        return play(made(ReplayAgentLoop, self.engine, cfg=cfg, **options), self.engine, dict(batch), cfg)

    def test_only_the_reflection_gets_gradient_and_its_stored_advantage(self) -> None:
        rows = sequences.rows(self.engine.model)
        out = compute_advantage(self.play(rows), "mulligan_stored", config=OmegaConf.create({}))
        grad = loss_gradients(out, out.batch["rollout_log_probs"])
        for row, mask, adv, g in zip(rows, out.batch["response_mask"], out.batch["advantages"], grad):
            want = row["loss_mask"][row["prompt_len"] :]
            want += [0] * (250 - len(want))
            self.assertEqual(mask.tolist(), want)
            torch.testing.assert_close(adv, torch.tensor(want) * row["advantages"][row["loss_mask"].index(1)])
            self.assertEqual(g.ne(0).tolist(), [bool(m) for m in want])

    def test_stored_log_probabilities_count(self) -> None:
        for shift, ratio in ((0.0, 1.0), (-0.1, math.exp(0.1))):
            rows = sequences.rows(self.engine.model, shift=shift)
            out = compute_advantage(self.play(rows), "mulligan_stored", config=OmegaConf.create({}))
            old = torch.zeros_like(out.batch["rollout_log_probs"])
            for i, row in enumerate(rows):
                logps = self.engine.logps(row["input_ids"][: row["prompt_len"]], row["input_ids"][row["prompt_len"] :])
                old[i, : len(logps)] = logps.detach()
            out.batch["old_log_probs"] = old
            out, _ = compute_rollout_correction_and_add_to_batch(
                out, OmegaConf.create({"rollout_is": "token", "rollout_is_threshold": 2.0})
            )
            mask = out.batch["response_mask"].bool()
            weights = out.batch["rollout_is_weights"][mask]
            torch.testing.assert_close(weights, torch.full_like(weights, ratio), rtol=1e-4, atol=1e-5)
            grad = loss_gradients(out, old, out.batch["rollout_is_weights"])
            plain = loss_gradients(out, old)
            torch.testing.assert_close(grad[mask], plain[mask] * ratio, rtol=1e-4, atol=1e-6)

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
            with self.subTest(why), self.assertRaisesRegex(ValueError, rf"row 0 \(sequence-0\): .*{why}"):
                self.play([{**rows[0], **change}, rows[1]])
        out = self.play([{**rows[0], "logprobs": hole}], unknown="mask")
        self.assertEqual(int(out.batch["response_mask"].sum()), sum(rows[0]["loss_mask"]) - 1)
        self.assertNotIn("rollout_log_probs", self.play([{**rows[0], "logprobs": None}], logprobs="ignore").batch)
        with self.assertRaisesRegex(ValueError, "rollout.prompt_length and response_length are 4 and 250"):
            self.play(rows[:1], config(prompt_length=4))


if __name__ == "__main__":
    unittest.main()
