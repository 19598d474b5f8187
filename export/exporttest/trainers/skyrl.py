"""Loads an export of exporttest.Chat with the classes of SkyRL 0.4.0, unchanged. Argument: FOLDER."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import skyrl_gym
import torch
from skyrl.backends.skyrl_train.utils.ppo_utils import compute_grpo_outcome_advantage, cross_entropy_loss
from skyrl.backends.skyrl_train.utils.torch_utils import logprobs_from_logits
from skyrl.train.config import AlgorithmConfig
from skyrl.train.dataset.collators import DefaultCollator
from skyrl.train.dataset.dataset import PromptDataset
from skyrl.train.dataset.preprocess import convert_prompts_responses_to_batch_tensors
from skyrl.train.dataset.pretokenized import load_from_pretokenized
from skyrl.train.generators.base import GeneratorOutput
from skyrl.train.generators.utils import prepare_generator_input
from skyrl.train.utils.trainer_utils import validate_generator_output
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM


def files(folder: Path, name: str) -> list[str]:
    found = sorted(str(f) for f in (folder / name).glob("*.parquet"))
    assert found, f"no files of {name}"
    return found


class Env(skyrl_gym.Env):
    """What SkyRL hands to an environment for a row."""

    def __init__(self, extras: dict[str, Any]) -> None:
        self.extras = extras


def rl_prompts(folder: Path, name: str, prompts: list[Any], tokenizer: Any) -> None:
    """Every row arrives, and its environment with the ground truth."""
    data = PromptDataset(files(folder, name), tokenizer, max_prompt_length=1024, num_workers=1)
    batch = data.collate_fn([data[i] for i in range(len(data))])
    given, uids = prepare_generator_input(batch, 2, {}, "other", "train", 0)
    assert given["prompts"] == [p for p in prompts for _ in range(2)], f"{name}: prompts"
    assert [t.to_string() for t in given["trajectory_ids"]] == [f"{i}_{k}" for i in range(len(prompts)) for k in range(2)]
    assert given["env_classes"] == ["mulligan"] * len(uids)
    for i, row in enumerate(pq.read_table(files(folder, name)[0]).to_pylist()):
        env = skyrl_gym.make("mulligan", extras=given["env_extras"][2 * i])
        truth = env.extras["reward_spec"]["ground_truth"]
        assert truth == row["answer"] and json.loads(truth)["target"]
        assert env.extras["extra_info"] == row["extra_info"]


def tokens(folder: Path, tokenizer: Any, passed: list[Any], model: torch.nn.Module) -> None:
    """A step on exactly the reflections."""
    data = load_from_pretokenized(str(folder / "sft_tokens_mask"), max_length=1024)
    assert len(data) == len(passed)
    for row, e in zip(data, passed, strict=True):
        assert row["input_ids"] == e["context_ids"] + e["ids"]
        assert row["num_actions"] == len(e["ids"]) and row["loss_mask"] == [1] * len(e["ids"])
    batch = DefaultCollator(tokenizer, len(data))([data[i] for i in range(len(data))], batch_size=len(data))
    window, n = batch["loss_mask"], batch.metadata["response_length"]
    assert abs(window.sum().item() - 1) < 1e-6, "weights of the batch"
    ids, attention = batch["sequences"], batch["attention_mask"]
    positions = (attention.cumsum(-1) - 1).masked_fill(attention == 0, 1)
    logits = model(ids, attention_mask=attention, position_ids=positions).logits
    # As HFModelWrapper.forward does it, which cannot be imported without flash-attn.
    log_probs = logprobs_from_logits(logits, torch.roll(ids, -1, 1))[:, -n - 1 : -1]
    log_probs.retain_grad()
    loss, _ = cross_entropy_loss(log_probs, None, None, AlgorithmConfig(loss_reduction="sum"), loss_mask=window)
    loss.backward()
    for i, e in enumerate(passed):
        at = torch.nonzero(log_probs.grad[i]).flatten()
        assert ids[i, -n:][at].tolist() == e["ids"], f"row {i}: other tokens than the reflection's have gradient"
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    assert torch.isfinite(loss) and all(torch.isfinite(p).all() for p in model.parameters())


def sequences(folder: Path, tokenizer: Any, trained: list[Any]) -> None:
    """Rows of sequences as a generator's output, through SkyRL's own check, padding and advantages."""
    rows = pq.read_table(files(folder, "sequences")[0]).to_pylist()
    cut = [row["prompt_len"] for row in rows]
    output = GeneratorOutput(
        prompt_token_ids=[r["input_ids"][:n] for r, n in zip(rows, cut)],
        response_ids=[r["input_ids"][n:] for r, n in zip(rows, cut)],
        rewards=[r["reward"] for r in rows],
        loss_masks=[r["loss_mask"][n:] for r, n in zip(rows, cut)],
        rollout_logprobs=[[p or 0.0 for p in r["logprobs"][n:]] for r, n in zip(rows, cut)],
    )
    validate_generator_output(len(rows), output)
    per_token = [[0.0] * (len(ids) - 1) + [reward] for ids, reward in zip(output["response_ids"], output["rewards"])]
    ids, _, response, rewards, mask, logprobs, *_ = convert_prompts_responses_to_batch_tensors(
        tokenizer.pad_token_id, output["prompt_token_ids"], output["response_ids"], per_token, output["loss_masks"], output["rollout_logprobs"]
    )
    groups = np.array([r["group_id"] for r in rows])
    advantages, _ = compute_grpo_outcome_advantage(rewards, mask, groups, grpo_norm_by_std=False)
    width = mask.shape[1]
    for i, (row, e) in enumerate(zip(rows, trained, strict=True)):
        at = mask[i].bool()
        assert ids[i, -width:][at].tolist() == e["ids"], f"row {i}: loss_mask"
        size = int(response[i].sum())
        stored = torch.tensor([p or 0.0 for p in row["logprobs"][-size:]])
        assert torch.equal(logprobs[i, -size:], stored), f"row {i}: logprobs"
        assert torch.allclose(advantages[i, -size:], torch.tensor(row["advantages"][-size:]), atol=1e-6), f"row {i}: advantages"


def main(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    trained = json.loads((folder / "expect.json").read_text("utf-8"))["trained"]
    passed = [e for e in trained if e["passed"]]
    reflect = [e["prompt"] for i, e in enumerate(trained) if i == 0 or e["prompt"] != trained[i - 1]["prompt"]]
    skyrl_gym.register(id="mulligan", entry_point=Env)
    rl_prompts(folder, "rl_prompts", [p[:-2] for p in reflect], tokenizer)
    rl_prompts(folder, "rl_prompts_reflect", reflect, tokenizer)
    model = Qwen2ForCausalLM(
        Qwen2Config(vocab_size=260, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2)
    )
    tokens(folder, tokenizer, passed, model)
    sequences(folder, tokenizer, trained)
    print(f"skyrl: {len(reflect)} prompts twice, {len(passed)} rows of tokens, {len(trained)} sequences")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
