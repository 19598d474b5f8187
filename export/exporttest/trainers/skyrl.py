"""Loads an export of exporttest.Chat with the classes of SkyRL 0.4.0, unchanged. Argument: FOLDER."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import skyrl_gym
import torch
from chat import Chat
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


class Env(skyrl_gym.Env):
    """What SkyRL hands to an environment for a row."""

    def __init__(self, extras: dict[str, Any]) -> None:
        self.extras = extras


def rl_prompts(chat: Chat, name: str, tokenizer: Any) -> None:
    """Every row arrives, and its environment with the ground truth."""
    prompts = chat.prompts[name]
    data = PromptDataset(chat.files(name), tokenizer, max_prompt_length=1024, num_workers=1)
    batch = data.collate_fn([data[i] for i in range(len(data))])
    given, uids = prepare_generator_input(batch, 2, {}, "other", "train", 0)
    assert given["prompts"] == [p for p in prompts for _ in range(2)], f"{name}: prompts"
    assert [t.to_string() for t in given["trajectory_ids"]] == [f"{i}_{k}" for i in range(len(prompts)) for k in range(2)]
    assert given["env_classes"] == ["mulligan"] * len(uids)
    for i, row in enumerate(pq.read_table(chat.files(name)[0]).to_pylist()):
        env = skyrl_gym.make("mulligan", extras=given["env_extras"][2 * i])
        truth = env.extras["reward_spec"]["ground_truth"]
        assert truth == row["answer"] and json.loads(truth)["target"]
        assert env.extras["extra_info"] == row["extra_info"]


def tokens(chat: Chat, tokenizer: Any, model: torch.nn.Module) -> None:
    """A step on exactly the reflections."""
    passed = chat.passed
    (path,) = chat.files("sft_tokens_mask")
    data = load_from_pretokenized(path, max_length=1024)
    assert len(data) == len(passed)
    # Why the card names files: a folder is read whole, with the splits that are not for training.
    with tempfile.TemporaryDirectory(dir=chat.folder) as both:
        for split in ("train", "test"):
            shutil.copy(path, Path(both) / f"{split}-00000-of-00001.parquet")
        assert len(load_from_pretokenized(both, max_length=1024)) == 2 * len(passed)
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


def sequences(chat: Chat, tokenizer: Any) -> None:
    """Rows of sequences as a generator's output, through SkyRL's own check, padding and advantages."""
    rows = pq.read_table(chat.files("sequences")[0]).to_pylist()
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
        tokenizer.pad_token_id,
        output["prompt_token_ids"],
        output["response_ids"],
        per_token,
        output["loss_masks"],
        output["rollout_logprobs"],
    )
    groups = np.array([r["group_id"] for r in rows])
    advantages, _ = compute_grpo_outcome_advantage(rewards, mask, groups, grpo_norm_by_std=False)
    width = mask.shape[1]
    for i, (row, e) in enumerate(zip(rows, chat.trained, strict=True)):
        at = mask[i].bool()
        assert ids[i, -width:][at].tolist() == e["ids"], f"row {i}: loss_mask"
        size = int(response[i].sum())
        stored = torch.tensor([p or 0.0 for p in row["logprobs"][-size:]])
        assert torch.equal(logprobs[i, -size:], stored), f"row {i}: logprobs"
        assert torch.allclose(advantages[i, -size:], torch.tensor(row["advantages"][-size:]), atol=1e-6), f"row {i}: advantages"


def main(folder: Path) -> None:
    chat = Chat(folder)
    tokenizer = AutoTokenizer.from_pretrained(chat.tokenizer)
    skyrl_gym.register(id="mulligan", entry_point=Env)
    for name in chat.prompts:
        rl_prompts(chat, name, tokenizer)
    model = Qwen2ForCausalLM(
        Qwen2Config(vocab_size=260, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2)
    )
    tokens(chat, tokenizer, model)
    sequences(chat, tokenizer)
    prompts = sum(map(len, chat.prompts.values()))
    print(f"skyrl: {prompts} prompts, {len(chat.passed)} rows of tokens, {len(chat.trained)} sequences")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
