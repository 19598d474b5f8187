"""Loads an export of exporttest.Chat with the classes of verl 0.9.1, unchanged. Argument: FOLDER."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from chat import Chat
from omegaconf import OmegaConf
from tensordict import TensorDict
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM
from verl import DataProto
from verl.experimental.agent_loop.agent_loop import (
    AgentLoopBase,
    AgentLoopMetrics,
    AgentLoopOutput,
    AgentLoopWorker,
    get_trajectory_info,
)
from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager
from verl.trainer.ppo.core_algos import compute_grpo_outcome_advantage, compute_policy_loss_vanilla
from verl.trainer.sft_trainer import create_sft_dataset
from verl.utils.dataset.dataset_utils import DatasetPadMode, SFTTensorCollator
from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn
from verl.utils.reward_score import default_compute_score
from verl.workers.config import ActorConfig
from verl.workers.utils.losses import sft_loss

PROMPT, RESPONSE = 1024, 512  # rollout.prompt_length and response_length, in tokens


def rl_dataset(chat: Chat, names: list[str], tokenizer: Any) -> RLHFDataset:
    config = dict(
        max_prompt_length=PROMPT,
        filter_overlong_prompts=True,
        filter_overlong_prompts_workers=1,
        return_raw_chat=True,
        cache_dir=str(chat.folder / "cache"),
    )
    return RLHFDataset([f for n in names for f in chat.files(n)], tokenizer, OmegaConf.create(config))


def rl_prompts(chat: Chat, name: str, tokenizer: Any) -> None:
    """Every row arrives, with the ground truth that a reward function is called with."""
    data = rl_dataset(chat, [name], tokenizer)
    batch = collate_fn([data[i] for i in range(len(data))])
    assert [list(p) for p in batch["raw_prompt"]] == chat.prompts[name], f"{name}: prompts"
    index = list(batch["index"])
    assert len(set(index)) == len(index), f"{name}: index {index}"
    repeated = asyncio.run(get_trajectory_info(0, np.repeat(batch["index"], 2), False))
    assert [t["rollout_n"] for t in repeated] == [0, 1] * len(index), f"{name}: samples of a prompt"
    calls: list[dict[str, Any]] = []

    async def score(**call: Any) -> float:
        calls.append(call)
        return 1.0

    manager = NaiveRewardManager(OmegaConf.create({}), tokenizer, score)
    ids = tokenizer("an answer", return_tensors="pt")["input_ids"]
    for i in range(len(data)):
        one = {k: v[i : i + 1] for k, v in batch.items() if isinstance(v, np.ndarray)}
        tensors = {"responses": ids, "attention_mask": torch.ones_like(ids)}
        proto = DataProto.from_dict(tensors=tensors, non_tensors=one)
        assert manager.loop.run_until_complete(manager.run_single(proto))["reward_score"] == 1.0
    for row, call in zip(pq.read_table(chat.files(name)[0]).to_pylist(), calls, strict=True):
        assert call["solution_str"] == "an answer" and call["data_source"] == "chat/train"
        assert call["ground_truth"] == row["answer"] and json.loads(call["ground_truth"])["target"]
        assert call["extra_info"]["task_id"] == row["extra_info"]["task_id"]
        assert call["extra_info"]["first_attempt"] == row["extra_info"]["first_attempt"]
    try:
        default_compute_score(data_source="chat/train", solution_str="", ground_truth="")
        raise AssertionError("verl scores a source of ours by itself")
    except NotImplementedError:
        pass


def messages(chat: Chat, tokenizer: Any) -> None:
    """verl trains every message of the assistant, of which the card warns. Where this fails, the warning is out of date."""
    config = OmegaConf.create(dict(max_length=PROMPT, pad_mode="no_padding", custom_cls={}))
    data = create_sft_dataset(chat.files("sft_messages"), config, tokenizer, None)
    for i, e in enumerate(chat.passed):
        row = data[i]
        got = tokenizer.decode(row["input_ids"][row["loss_mask"].bool()])
        failed = e["prompt"][-2]["content"]
        assert got.endswith(f"{failed}<|im_end|>\n{e['reflection']}<|im_end|>\n"), got


def tokens(chat: Chat, tokenizer: Any) -> None:
    """A step on exactly the reflections, through the data set class that verl is told to load."""
    adapter = Path(__file__).parents[2] / "adapters" / "verl_sft.py"
    config = OmegaConf.create(
        dict(max_length=PROMPT, pad_mode="no_padding", custom_cls=dict(path=str(adapter), name="TokensDataset"))
    )
    rows = create_sft_dataset(chat.files("sft_tokens_mask"), config, tokenizer, None)
    assert len(rows) == len(chat.passed)
    for i, e in enumerate(chat.passed):
        row = rows[i]
        assert row["input_ids"].tolist() == e["context_ids"] + e["ids"], f"row {i}: ids"
        assert row["loss_mask"].tolist() == [0] * len(e["context_ids"]) + [1] * len(e["ids"]), f"row {i}: loss_mask"
    batch = SFTTensorCollator(DatasetPadMode.NO_PADDING)([rows[i] for i in range(len(rows))])
    model = Qwen2ForCausalLM(
        Qwen2Config(vocab_size=260, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2)
    )
    ids = batch["input_ids"]
    logits = torch.cat([model(one.unsqueeze(0)).logits[0] for one in ids.unbind()])
    targets = torch.roll(ids.values(), -1)  # as verl's engines shift them
    flat = torch.log_softmax(logits, -1).gather(1, targets.unsqueeze(1)).squeeze(1)
    flat.retain_grad()
    log_probs = torch.nested.nested_tensor_from_jagged(flat, ids.offsets())
    n = int(batch["loss_mask"].values().sum())
    data = TensorDict({**batch, "dp_size": 1, "batch_num_tokens": n}, batch_size=[])
    loss, _ = sft_loss(None, {"log_probs": log_probs}, data)
    loss.backward()
    trained = [int(targets[t]) for t in torch.nonzero(flat.grad).flatten()]
    assert trained == [token for e in chat.passed for token in e["ids"]], "other tokens than the reflections' have gradient"
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    assert torch.isfinite(loss) and all(torch.isfinite(p).all() for p in model.parameters())


class Replay(AgentLoopBase):
    """Plays a row of sequences."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row

    async def run(self, sampling_params: dict[str, Any], **kwargs: Any) -> AgentLoopOutput:
        row, n = self.row, self.row["prompt_len"]
        return AgentLoopOutput(
            prompt_ids=row["input_ids"][:n],
            response_ids=row["input_ids"][n:],
            response_mask=row["loss_mask"][n:],
            response_logprobs=[p or 0.0 for p in row["logprobs"][n:]],
            reward_score=row["reward"],
            num_turns=len(kwargs["raw_prompt"]),
            metrics=AgentLoopMetrics(),
        )


def agent_loop(chat: Chat, tokenizer: Any) -> None:
    """Rows of sequences as the outputs of an agent loop, through verl's own padding, advantages and loss."""
    rows = pq.read_table(chat.files("sequences")[0]).to_pylist()
    worker = object.__new__(AgentLoopWorker)
    worker.tokenizer, worker.processor, worker.mm_processor_kwargs = tokenizer, None, {}
    worker.rollout_config = SimpleNamespace(prompt_length=PROMPT, response_length=RESPONSE)
    worker.distillation_enabled, worker.reward_loop_worker_handles = False, None

    async def play() -> list[Any]:
        outputs = []
        for row in rows:
            output = await Replay(row).run({}, raw_prompt=[])
            outputs.append(await worker._agent_loop_postprocess(output, False, raw_prompt=[]))
        return outputs

    # Why the card says to set data.max_prompt_length, and to filter by it: a longer prompt loses its beginning, the task.
    worker.rollout_config.prompt_length = 3
    assert AgentLoopBase._cap_text_prompt_length(worker, [1, 2, 3, 4]) == [2, 3, 4]
    worker.rollout_config.prompt_length = PROMPT
    groups = np.array([row["group_id"] for row in rows], dtype=object)
    proto = worker._postprocess(asyncio.run(play()), {"uid": groups})
    mask, rewards = proto.batch["response_mask"], proto.batch["rm_scores"]
    assert rewards.sum(-1).tolist() == [e["reward"] for e in chat.trained]
    for i, e in enumerate(chat.trained):
        assert proto.batch["responses"][i][mask[i].bool()].tolist() == e["ids"], f"row {i}"
    advantages, _ = compute_grpo_outcome_advantage(rewards, mask, groups, norm_adv_by_std_in_grpo=False)
    for i, row in enumerate(rows):
        ours = torch.tensor(row["advantages"][row["prompt_len"] :])
        assert torch.allclose(advantages[i][: len(ours)], ours, atol=1e-6), f"row {i}: advantages"
    old = proto.batch["rollout_log_probs"]
    log_probs = old.clone().requires_grad_()
    config = ActorConfig(strategy="fsdp", rollout_n=1, ppo_micro_batch_size_per_gpu=1)
    loss, metrics = compute_policy_loss_vanilla(old, log_probs, advantages, mask, config=config)
    loss.backward()
    signal = torch.nonzero(log_probs.grad)
    want = torch.nonzero(mask.bool() & (advantages != 0))
    assert torch.equal(signal, want) and len(want) > 0 and metrics["actor/ppo_kl"] == 0.0


def main(folder: Path) -> None:
    chat = Chat(folder)
    tokenizer = AutoTokenizer.from_pretrained(chat.tokenizer)
    for name in chat.prompts:
        rl_prompts(chat, name, tokenizer)
    both = rl_dataset(chat, list(chat.prompts), tokenizer)
    assert len(both) == sum(map(len, chat.prompts.values()))
    messages(chat, tokenizer)
    tokens(chat, tokenizer)
    agent_loop(chat, tokenizer)
    print(f"verl: {len(both)} prompts, {len(chat.passed)} rows of tokens, {len(chat.trained)} sequences")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
