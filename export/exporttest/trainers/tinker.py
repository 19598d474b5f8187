"""Loads an export of exporttest.Chat with the classes of tinker-cookbook 0.6.1, unchanged. Argument: FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import tinker
import torch
from chat import Chat
from tinker_cookbook.completers import TokensWithLogprobs
from tinker_cookbook.renderers import TrainOnWhat, get_renderer
from tinker_cookbook.rl.data_processing import trajectory_to_data
from tinker_cookbook.rl.types import Trajectory, Transition
from tinker_cookbook.supervised.common import (
    compute_mean_nll,
    create_rightshifted_model_input_and_leftshifted_targets,
)
from tinker_cookbook.supervised.data import (
    FromConversationFileBuilder,
    SupervisedDatasetFromHFDataset,
    conversation_to_datum,
)
from tinker_cookbook.supervised.types import ChatDatasetBuilderCommonConfig
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM


def trained_ids(datum: tinker.Datum, key: str) -> list[int]:
    inputs = datum.loss_fn_inputs
    return [int(t) for t, w in zip(inputs["target_tokens"].data, inputs[key].data, strict=True) if w]


def is_row(datum: tinker.Datum, e: Any) -> None:
    """The datum is the reflection in its context, shifted by one, with all of the weight on the reflection."""
    ids = e["context_ids"] + e["ids"]
    assert datum.model_input.to_ints() == ids[:-1], "ids"
    assert list(datum.loss_fn_inputs["target_tokens"].data) == ids[1:], "targets"
    assert trained_ids(datum, "weights") == e["ids"], "other tokens than the reflection's have weight"
    assert abs(sum(datum.loss_fn_inputs["weights"].data) - 1) < 1e-5


def messages(chat: Chat, renderer: Any) -> list[tinker.Datum]:
    """Messages with trainable, from Parquet by way of datasets and from JSON lines by the cookbook's own builder."""

    def datum(row: dict[str, Any]) -> tinker.Datum:
        return conversation_to_datum(row["messages"], renderer, 2048, TrainOnWhat.CUSTOMIZED)

    rows = datasets.load_dataset("parquet", data_files=chat.files("sft_messages_tinker"), split="train")
    data = SupervisedDatasetFromHFDataset(rows, batch_size=len(chat.passed), map_fn=datum)
    batch = data.get_batch(0)
    for got, e in zip(batch, chat.passed, strict=True):
        is_row(got, e)
    try:
        conversation_to_datum(rows[0]["messages"], renderer, 2048)
        raise RuntimeError("a mode that is not CUSTOMIZED takes messages with trainable")
    except AssertionError as e:
        assert "trainable" in str(e), e
    config = ChatDatasetBuilderCommonConfig(
        model_name_for_tokenizer=chat.tokenizer,
        renderer_name="qwen3_instruct",
        max_length=2048,
        batch_size=len(chat.passed),
        train_on_what=TrainOnWhat.CUSTOMIZED,
    )
    lines = chat.files("sft_messages_tinker_jsonl", "jsonl")[0]
    built, _ = FromConversationFileBuilder(common_config=config, file_path=lines, shuffle_seed=None)()
    for got, e in zip(built.get_batch(0), chat.passed, strict=True):
        is_row(got, e)
    return batch


def loss(chat: Chat, batch: list[tinker.Datum]) -> None:
    """The cookbook's loss of a batch is the mean over the reflections' tokens alone."""
    model = Qwen2ForCausalLM(
        Qwen2Config(vocab_size=260, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2)
    )
    logprobs, want = [], []
    for datum, e in zip(batch, chat.passed, strict=True):
        ids = torch.tensor(datum.model_input.to_ints())
        targets = datum.loss_fn_inputs["target_tokens"].to_torch()
        with torch.no_grad():
            all_logprobs = torch.log_softmax(model(ids.unsqueeze(0)).logits[0], -1)
        logprobs.append(tinker.TensorData.from_torch(all_logprobs.gather(1, targets[:, None])[:, 0]))
        n = len(e["ids"])
        want.append(-all_logprobs[-n:].gather(1, torch.tensor(e["ids"])[:, None]).mean())
    got = compute_mean_nll(logprobs, [d.loss_fn_inputs["weights"] for d in batch])
    assert abs(got - torch.stack(want).mean().item()) < 1e-4, (got, want)


def rl_datum(row: dict[str, Any]) -> tinker.Datum:
    """A row of sequences as the datum of Tinker's importance_sampling loss, which has no mask: a token with advantage 0 trains nothing."""
    chunk = tinker.EncodedTextChunk(tokens=row["input_ids"])
    model_input, targets = create_rightshifted_model_input_and_leftshifted_targets([chunk])
    logprobs = [p or 0.0 for p in row["logprobs"]]
    return tinker.Datum(
        model_input=model_input,
        loss_fn_inputs={
            "target_tokens": tinker.TensorData.from_torch(torch.tensor(targets)),
            "logprobs": tinker.TensorData.from_torch(torch.tensor(logprobs[1:])),
            "advantages": tinker.TensorData.from_torch(torch.tensor(row["advantages"][1:])),
            "mask": tinker.TensorData.from_torch(torch.tensor([float(m) for m in row["loss_mask"][1:]])),
        },
    )


def sequences(chat: Chat) -> None:
    """Rows of sequences as datums: the same that the cookbook makes of a trajectory whose one action is the reflection."""
    rows = pq.read_table(chat.files("sequences")[0]).to_pylist()
    for i, (row, e) in enumerate(zip(rows, chat.trained, strict=True)):
        datum = rl_datum(row)
        assert trained_ids(datum, "mask") == e["ids"], f"row {i}: mask"
        signal = trained_ids(datum, "advantages")
        advantage = max(row["advantages"], key=abs)
        assert signal == (e["ids"] if advantage else []), f"row {i}: advantages"
        at = row["loss_mask"].index(1)
        action = [p or 0.0 for p in row["logprobs"][at : at + len(e["ids"])]]
        step = Transition(
            ob=tinker.ModelInput.from_ints(e["context_ids"]),
            ac=TokensWithLogprobs(tokens=e["ids"], maybe_logprobs=action),
            reward=e["reward"],
            episode_done=True,
        )
        trajectory = Trajectory(transitions=[step], final_ob=tinker.ModelInput.empty())
        (want,) = trajectory_to_data(trajectory, advantage)
        # The row goes on behind the reflection, with the retry, and has log-probabilities of the attempt.
        mine, theirs, n = datum.loss_fn_inputs, want.loss_fn_inputs, want.model_input.length
        for key in ("target_tokens", "advantages", "mask"):
            assert mine[key].data[:n] == theirs[key].data, f"row {i}: {key}"
        of_loss = [p for p, m in zip(mine["logprobs"].data, theirs["mask"].data) if m]
        assert of_loss == [p for p, m in zip(theirs["logprobs"].data, theirs["mask"].data) if m], f"row {i}: logprobs"


def main(folder: Path) -> None:
    chat = Chat(folder)
    renderer = get_renderer("qwen3_instruct", AutoTokenizer.from_pretrained(chat.tokenizer))
    loss(chat, messages(chat, renderer))
    sequences(chat)
    print(f"tinker: {len(chat.passed)} conversations twice, {len(chat.trained)} sequences")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
