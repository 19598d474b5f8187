"""trl_reflect plays the paper's loop in a real GRPOTrainer, and only the reflection's tokens get gradient."""

from __future__ import annotations

import math
import tempfile
import unittest
from pathlib import Path
from typing import Any

import failures
import tiny
import torch
from datasets import Dataset
from double import double, mulligan
from trl import GRPOConfig, GRPOTrainer

from trl_reflect import Options, ReflectRollout, _verdicts

REQUEST = (
    "Your answer is wrong.\n\nDo not answer again yet. Reflect on what went wrong in your answer, and write a short explanation of "
    "your mistake that helps you to answer correctly the next time."
)


class Spy(GRPOTrainer):
    """Keeps what a step trained on, and the gradient of its loss by each token's log-probability."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seen: list[dict[str, Any]] = []
        self.weights: list[dict[str, torch.Tensor]] = []

    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> Any:
        out = super()._get_per_token_logps_and_entropies(*args, **kwargs)
        if out[0].requires_grad:
            out[0].retain_grad()
            self.seen[-1]["logps"] = out[0]
        return out

    def _compute_loss(self, model: Any, inputs: Any) -> Any:
        self.seen.append(inputs)
        self.weights.append({n: p.detach().clone() for n, p in model.named_parameters()})
        inputs["loss"] = super()._compute_loss(model, inputs)
        return inputs["loss"]


def trainer(folder: str, rollout: ReflectRollout, **config: Any) -> Spy:
    tok = tiny.save(Path(folder))
    args = dict(
        output_dir=folder,
        max_steps=2,
        use_cpu=True,
        bf16=False,
        report_to="none",
        save_strategy="no",
        logging_steps=1,
        seed=1,
        per_device_train_batch_size=8,
        num_generations=4,
        max_completion_length=6,
        learning_rate=0.1,
        shuffle_dataset=False,
        generation_kwargs={"suppress_tokens": tiny.only(tok, "78")},
    )
    return Spy(
        model=folder,
        processing_class=tok,
        args=GRPOConfig(**{**args, **config}),
        reward_funcs=rollout.reward,
        train_dataset=Dataset.from_list(rollout.dataset()),
        rollout_func=rollout,
    )


def reflection_of(tok: Any, ids: list[int]) -> list[int]:
    """1 up to the first end token of a completion, found in the text and not in what the adapter says."""
    end = ids.index(tok.eos_token_id) + 1
    return [1] * end + [0] * (len(ids) - end)


class ReflectTest(unittest.TestCase):
    def test_only_the_reflection_gets_gradient(self) -> None:
        with tempfile.TemporaryDirectory() as folder, mulligan() as url:
            rollout = ReflectRollout(failures.ROWS, Options(url=url))
            t = trainer(folder, rollout, max_steps=4)
            t.train()
            tok, trained, retried = t.processing_class, 0, 0
            for inputs in t.seen:
                grad = inputs["logps"].grad
                for r in range(len(grad)):
                    ids = [i for i, m in zip(inputs["completion_ids"][r].tolist(), inputs["completion_mask"][r]) if m]
                    mask = inputs["tool_mask"][r, : len(ids)].tolist()
                    if not any(mask):
                        self.assertEqual(float(inputs["advantages"][r]), 0.0)
                        self.assertFalse(grad[r].any())
                        continue
                    self.assertEqual(mask, reflection_of(tok, ids))
                    retried += len(ids) - sum(mask)
                    inside = torch.tensor(mask, dtype=torch.bool)
                    self.assertFalse(grad[r, : len(ids)][~inside].any(), "gradient outside of the reflection")
                    self.assertFalse(grad[r, len(ids) :].any(), "gradient in the padding")
                    if inputs["advantages"][r] != 0:
                        self.assertTrue(grad[r, : len(ids)][inside].all(), "no gradient in the reflection")
                        trained += int(inside.sum())
            self.assertGreater(trained, 0, "no group had signal: choose another seed")
            self.assertGreater(retried, 100, "completions hold no retries")
            self.independent(t)

    def independent(self, t: Spy) -> None:
        """Recomputes a step's gradient from the reflection alone: the same one, whatever follows the reflection."""
        for inputs, weights in zip(t.seen, t.weights):
            if not (inputs["advantages"] != 0).any():
                continue
            wanted = {n: torch.zeros_like(w) for n, w in weights.items()}
            for n, p in t.model.named_parameters():
                p.data.copy_(weights[n])
            for scramble in (False, True):
                t.model.zero_grad()
                loss = torch.zeros(())
                for r in range(len(inputs["advantages"])):
                    n = int(inputs["tool_mask"][r].mul(inputs["completion_mask"][r]).sum())
                    prompt = inputs["prompt_ids"][r][inputs["prompt_mask"][r].bool()]
                    rest = inputs["completion_ids"][r][inputs["completion_mask"][r].bool()]
                    if scramble:
                        rest = torch.cat([rest[:n], torch.randint(3, 250, (len(rest) - n,))])
                    ids = torch.cat([prompt, rest])[None]
                    logps = t.model(ids).logits[0, len(prompt) - 1 : -1].div(t.temperature).log_softmax(-1)
                    logps = logps.gather(1, rest[:, None])[:n, 0]
                    loss = loss - inputs["advantages"][r] * (logps - logps.detach()).exp().sum()
                (loss / inputs["num_items_in_batch"]).backward()
                got = {n: p.grad.clone() for n, p in t.model.named_parameters()}
                if scramble:
                    for n in wanted:
                        torch.testing.assert_close(got[n], wanted[n], rtol=1e-4, atol=1e-7)
                wanted = got
            t.model.zero_grad()
            t._metrics["train"].clear()
            GRPOTrainer._compute_loss(t, t.model, inputs).backward()
            for n, p in t.model.named_parameters():
                torch.testing.assert_close(p.grad, wanted[n], rtol=1e-3, atol=1e-6)
            return
        self.fail("no step had signal")

    def test_conversation_is_that_of_a_run(self) -> None:
        with tempfile.TemporaryDirectory() as folder, mulligan() as url:
            rollout = ReflectRollout(failures.ROWS[:1], Options(url=url))
            prompt = rollout.dataset()[0]["prompt"]
            self.assertEqual([m["role"] for m in prompt], ["system", "user", "assistant", "user"])
            self.assertEqual([m["content"] for m in prompt[1:]], ["What is 3+4?", "8", REQUEST])
            t = trainer(folder, rollout, num_generations=2, per_device_train_batch_size=2)
            out = rollout([prompt, prompt], t)
            tok = t.processing_class
            text = tok.decode(out["prompt_ids"][0])
            self.assertEqual(text, tok.apply_chat_template(prompt, add_generation_prompt=True, tokenize=False))
            whole = [i for i, c in enumerate(out["reflection_cut"]) if not c]
            self.assertTrue(whole, "every reflection was cut: choose another seed")
            for i in whole:
                ids, mask = out["completion_ids"][i], out["env_mask"][i]
                said = tok.decode(ids[: sum(mask)])
                rest = tok.decode(ids[sum(mask) :])
                self.assertRegex(said, r"^[78]*<\|im_end\|>$")
                question = "\n<|im_start|>user\nNow answer the original question again:\n\nWhat is 3+4?<|im_end|>\n<|im_start|>assistant\n"
                self.assertTrue(rest.startswith(question), rest)
                self.assertEqual(rest[len(question) :].removesuffix("<|im_end|>"), out["retry"][i])
                self.assertEqual(out["reflection_reward"][i], 1.0 if out["retry"][i] == "7" else 0.0)

    def test_log_probabilities_are_the_models(self) -> None:
        with tempfile.TemporaryDirectory() as folder, mulligan() as url:
            rollout = ReflectRollout(failures.ROWS, Options(url=url, score=True))
            t = trainer(folder, rollout, temperature=0.7)
            out = rollout([row["prompt"] for row in rollout.dataset() for _ in range(4)], t)
            for prompt, ids, mask, logprobs in zip(out["prompt_ids"], out["completion_ids"], out["env_mask"], out["logprobs"]):
                with torch.no_grad():
                    logits = t.model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
                want = (logits / 0.7).log_softmax(-1).gather(1, torch.tensor(ids)[:, None])[:, 0]
                torch.testing.assert_close(torch.tensor(logprobs), want * torch.tensor(mask), rtol=1e-4, atol=1e-5)

    def test_what_is_drawn_after_what(self) -> None:
        with tempfile.TemporaryDirectory() as folder, mulligan() as url:
            rollout = ReflectRollout(failures.ROWS, Options(url=url))
            t = trainer(folder, rollout)
            drawn, draw = [], t._generate_single_turn

            def spy(contexts: Any, *args: Any) -> Any:
                out = draw(contexts, *args)
                drawn.append((contexts, out[0]))
                return out

            t._generate_single_turn = spy
            out = rollout([row["prompt"] for row in rollout.dataset()], t)
            (first, reflections), (second, retries) = drawn
            self.assertEqual(first, out["prompt_ids"])
            for reflect, said, retry, row in zip(first, reflections, second, failures.ROWS):
                said = t.processing_class.decode(said).removesuffix("<|im_end|>")
                question = f"Now answer the original question again:\n\n{row['prompt'][1]['content']}"
                self.assertEqual(
                    t.processing_class.decode(retry),
                    f"{t.processing_class.decode(reflect)}{said}<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n",
                )
            self.assertEqual(out["retry"], [t.processing_class.decode(ids, skip_special_tokens=True) for ids in retries])

    def test_trainers_that_would_bend_the_rewards(self) -> None:
        with tempfile.TemporaryDirectory() as folder, mulligan() as url:
            rollout = ReflectRollout(failures.ROWS, Options(url=url))
            for change, why in (
                ({"reward_funcs": [rollout.reward, rollout.reward]}, "2 reward functions"),
                ({"mask_truncated_completions": True}, "mask_truncated_completions"),
            ):
                t = trainer(folder, rollout)
                t.__dict__.update(change)
                with self.subTest(why), self.assertRaisesRegex(ValueError, why):
                    rollout([rollout.dataset()[0]["prompt"]], t)

    def said(self, reflection: str, retry: str, **options: Any) -> dict[str, Any]:
        """A rollout in which the policy says two texts."""
        with tempfile.TemporaryDirectory() as folder, mulligan() as url:
            rollout = ReflectRollout(failures.ROWS[:1], Options(url=url, **options))
            t = trainer(folder, rollout)
            texts = iter([reflection, retry])
            t._generate_single_turn = lambda contexts, *_: ([t.processing_class(next(texts))["input_ids"]], None)
            return rollout([rollout.dataset()[0]["prompt"]], t)

    def test_thinking_is_no_answer(self) -> None:
        for retry, reward in (
            ("<think>I would say 8</think>7<|im_end|>", 1.0),
            ("<think>3+4 is 7</think>I do not know.<|im_end|>", 0.0),
            ("<think>3 + 4 = 7. Hmm, let me", 0.0),
        ):
            with self.subTest(retry):
                self.assertEqual(self.said("I misread it.<|im_end|>", retry)["reflection_reward"], [reward])
        out = self.said("I misread it.<|im_end|>", "<think>7</think>no<|im_end|>", visible=lambda text: text[:8])
        self.assertEqual(out["reflection_reward"], [1.0])

    def test_other_end_tokens(self) -> None:
        with tempfile.TemporaryDirectory() as folder, mulligan() as url:
            rollout = ReflectRollout(failures.ROWS[:1], Options(url=url))
            t = trainer(folder, rollout)
            other = t.processing_class("<|im_start|>")["input_ids"][0]
            t.eos_token_ids = [t.processing_class.eos_token_id, other]
            t._generate_single_turn = lambda contexts, *_: ([[t.processing_class("7")["input_ids"][0], other]], None)
            out = rollout([rollout.dataset()[0]["prompt"]], t)
            self.assertEqual((out["reflection_cut"], out["env_mask"][0][:2]), ([False], [1, 1]))

    def test_undecided_is_no_zero(self) -> None:
        with tempfile.TemporaryDirectory() as folder, mulligan() as url:
            rows = [*failures.ROWS[:1], failures.UNDECIDABLE]
            with self.assertRaisesRegex(ValueError, r"1 of 2 rows cannot be trained on: row 1 \(failure-2\): could not be decided"):
                trainer(folder, ReflectRollout(rows, Options(url=url))).train()
            rollout = ReflectRollout(rows, Options(url=url, check=False))
            t = trainer(folder, rollout, max_steps=1)
            t.train()
            (inputs,) = t.seen
            undecided = [i for i in range(8) if b"What is x?" in t.processing_class.decode(inputs["prompt_ids"][i]).encode()]
            self.assertEqual(len(undecided), 4)
            for i in undecided:
                self.assertEqual(float(inputs["advantages"][i]), 0.0)
                self.assertEqual(int((inputs["tool_mask"][i] * inputs["completion_mask"][i]).sum()), 0)
            with self.assertRaisesRegex(RuntimeError, "no retry of 2 calls in a row could be decided"):
                broken = ReflectRollout(rows[1:], Options(url=url, check=False, give_up=2))
                for _ in range(2):
                    broken([broken.dataset()[0]["prompt"]], t)
            log = t.state.log_history[0]
            self.assertEqual(log["mulligan/undecided"], 0.5)
            self.assertTrue(math.isfinite(log["grad_norm"]))

    def test_undecided_is_out_of_its_groups_mean(self) -> None:
        with tempfile.TemporaryDirectory() as folder, double() as server:
            rollout = ReflectRollout(failures.ROWS[:1], Options(url=server.url))
            t = trainer(folder, rollout, max_steps=1, num_generations=4, per_device_train_batch_size=4)
            play = rollout.__call__

            def told(prompts: Any, trainer: Any) -> Any:
                out = play(prompts, trainer)
                out["env_mask"] = [[1] * len(m) for m in out["env_mask"]]
                out["env_mask"][2] = [0] * len(out["env_mask"][2])
                return {**out, "reflection_reward": [1.0, 0.0, None, 1.0]}

            t.rollout_func = told
            t.train()
            (inputs,) = t.seen
            got = sorted(round(float(a), 4) for a in inputs["advantages"])
            self.assertEqual(got, [-1.1545, 0.0, 0.5773, 0.5773])  # mean 2/3 of three, sample deviation 0.5774

    def test_cut_reflection_does_not_train(self) -> None:
        with tempfile.TemporaryDirectory() as folder, mulligan() as url:
            for train in (False, True):
                rollout = ReflectRollout(failures.ROWS, Options(url=url, train_truncated=train))
                t = trainer(folder, rollout, max_completion_length=1)
                t.generation_config.suppress_tokens = tiny.only(t.processing_class, "78") + [t.processing_class.eos_token_id]
                out = rollout([row["prompt"] for row in rollout.dataset() for _ in range(4)], t)
                self.assertEqual(out["reflection_cut"], [True] * 8)
                for ids, mask, reward, text, answer in zip(
                    out["completion_ids"], out["env_mask"], out["reflection_reward"], out["retry"], "77778888"
                ):
                    self.assertEqual(mask, [int(train)] + [0] * (len(ids) - 1))  # the end token that follows is the template's
                    self.assertEqual(reward, float(text == answer) if train else None)

    def test_server(self) -> None:
        with tempfile.TemporaryDirectory() as folder, double(busy=2, token="secret") as server:
            rollout = ReflectRollout(failures.ROWS, Options(url=server.url, token="secret", batch=3, verifier="number"))
            prompts = [row["prompt"] for row in rollout.dataset() for _ in range(4)]
            t = trainer(folder, rollout)
            out = rollout(prompts, t)
            self.assertEqual(len(out["reflection_reward"]), 8)
            self.assertEqual([i["response"] for i in server.items[:2]], ["8", "7"])  # the failures themselves, once
            self.assertEqual([i["id"] for i in server.items[2:]], list(range(8)))
            self.assertEqual(
                server.items[9],
                {
                    "id": 7,
                    "answer": {"value": "8"},
                    "response": out["retry"][7],
                    "messages": failures.ROWS[1]["prompt"],
                    "verifier": "number",
                },
            )
            wrong = ReflectRollout(failures.ROWS, Options(url=server.url, token="guess"))
            with self.assertRaisesRegex(RuntimeError, "401"):
                wrong(prompts, t)
            away = ReflectRollout(failures.ROWS, Options(url="http://127.0.0.1:1", patience=0.0))
            with self.assertRaisesRegex(RuntimeError, "ask http://127.0.0.1:1/verify/batch for a verdict"):
                away(prompts, t)

    def test_server_in_trouble(self) -> None:
        cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"results\":["
        chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"results\":[{\"id\r\n"
        page = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html"
        items = [{"id": i, "answer": {"value": "7"}, "response": "7", "messages": []} for i in range(3)]
        for trouble in ([cut], [chunk], [page], [b""], [503], [1], [0, 2]):
            with self.subTest(trouble), double(troubles=trouble) as server:
                self.assertEqual([v["pass"] for v in _verdicts(Options(url=server.url), items)], [True] * 3)
        with double(troubles=[1] * 9) as server, self.assertRaisesRegex(RuntimeError, "item 1: 503 stuck"):
            _verdicts(Options(url=server.url, patience=0.0), items)
        with double() as server, self.assertRaisesRegex(RuntimeError, "item 1: 400 no response"):
            _verdicts(Options(url=server.url), [items[0], {"id": 1}])

    def test_rows(self) -> None:
        options = Options(url="http://127.0.0.1:1")
        bad = dict(failures.ROWS[0], output_message="{")
        with self.assertRaisesRegex(ValueError, r"row 1 \(failure-0\): column output_message"):
            ReflectRollout([failures.ROWS[1], bad], options)
        with self.assertRaisesRegex(ValueError, "row 0 .*: column prompt is empty"):
            ReflectRollout([dict(failures.ROWS[0], prompt=[])], options)
        with self.assertRaisesRegex(ValueError, "another answer or tools"):
            ReflectRollout([failures.ROWS[0], dict(failures.ROWS[0], answer="9")], options)
        self.assertEqual(len(ReflectRollout([failures.ROWS[0]] * 2, options).dataset()), 1)
        with self.assertRaisesRegex(ValueError, "only {{.Question}}"):
            ReflectRollout(failures.ROWS, Options(url="", reflect="{{if .Question}}x{{end}}"))
        with self.assertRaisesRegex(ValueError, "only {{.Question}}"):
            ReflectRollout(failures.ROWS, Options(url="", reflect="{{- .Question -}}"))  # Go would cut white space
        with self.assertRaisesRegex(ValueError, "no rows"):
            ReflectRollout([], options)
        with mulligan() as url:
            solved = dict(failures.ROWS[1], output="8", output_message='{"role": "assistant", "content": "8"}')
            with self.assertRaisesRegex(ValueError, r"row 1 \(failure-1\): passes: it is no failure"):
                ReflectRollout([failures.ROWS[0], solved], Options(url=url)).check()


if __name__ == "__main__":
    unittest.main()
