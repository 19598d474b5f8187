"""A few GRPO steps of trl_reflect on a real small model behind the real server, and where the gradient goes.

    MULLIGAN_SERVE=http://127.0.0.1:8730 python prove.py model.gguf [STEPS]

The server serves `number`. Prints what was drawn and rewarded, and the gradient of each step's loss by the
log-probabilities of reflection, question, retry and padding; ends with an error if any but the reflection's differs
from zero, or if no step had signal.
"""

from __future__ import annotations

import copy
import json
import os
import sys
import tempfile
from pathlib import Path

import torch
from datasets import Dataset
from failures import row
from test_trl_reflect import Spy
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from trl import GRPOConfig

from trl_reflect import Options, ReflectRollout

QUESTIONS = [
    ("What is 2 plus 3?", "6", "5"),
    ("What is 4 plus 4?", "9", "8"),
    ("What is 10 minus 3?", "6", "7"),
    ("What is 1 plus 1?", "3", "2"),
]
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def load(gguf: Path, folder: str) -> tuple[torch.nn.Module, PreTrainedTokenizerFast]:
    """The weights, de-quantised, and a tokenizer of the file's vocabulary."""
    from gguf import GGUFReader
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    fields = GGUFReader(gguf).fields
    tokens, merges = (fields[f"tokenizer.ggml.{k}"].contents() for k in ("tokens", "merges"))
    t = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, [tuple(m.split(" ")) for m in merges]))
    # llama.cpp's "smollm": digits one by one, then the pieces of GPT-2. transformers 5.23.0 does not know that name.
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([AddedToken(s, special=True) for s in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")])
    tok = PreTrainedTokenizerFast(tokenizer_object=t, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=CHATML)
    read = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    config = copy.deepcopy(read.config)
    del config.quantization_config  # a Trainer refuses what was quantised, even after it was read as float32
    model = type(read)(config)
    model.load_state_dict(read.state_dict())
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = tok.eos_token_id, tok.pad_token_id
    return model, tok


def main() -> None:
    gguf, steps = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3
    rows = [row(i, q, wrong, {"value": right}) for i, (q, wrong, right) in enumerate(QUESTIONS)]
    rollout = ReflectRollout(rows, Options(url=os.environ["MULLIGAN_SERVE"], train_truncated=True))
    with tempfile.TemporaryDirectory() as folder:
        model, tok = load(gguf, folder)
        args = GRPOConfig(
            output_dir=folder, max_steps=steps, use_cpu=True, bf16=False, report_to="none", save_strategy="no", logging_steps=1, seed=7,
            per_device_train_batch_size=6, num_generations=6, max_completion_length=32, temperature=0.8, learning_rate=1e-6,
        )  # fmt: skip
        t = Spy(
            model=model,
            processing_class=tok,
            args=args,
            reward_funcs=rollout.reward,
            train_dataset=Dataset.from_list(rollout.dataset()),
            rollout_func=rollout,
        )
        t.train()
    signal = 0
    for step, (inputs, log) in enumerate(zip(t.seen, t.state.log_history)):
        grad = inputs["logps"].grad.abs()
        inside = (inputs["completion_mask"] * inputs["tool_mask"]).bool()
        after = inputs["completion_mask"].bool() & ~inside
        moved = (inputs["advantages"] != 0)[:, None] & inside
        print(json.dumps({
            "step": step,
            "reward": round(log["reward"], 3),
            "grad_norm": round(log["grad_norm"], 4),
            "reflection_tokens": int(inside.sum()),
            "question_and_retry_tokens": int(after.sum()),
            "gradient_in_reflections": [float(grad[moved].min()), float(grad[moved].max())] if moved.any() else None,
            "gradient_elsewhere": float(grad[~inside].max()),
        }))  # fmt: skip
        if grad[~inside].any() or (moved.any() and not grad[moved].all()):
            sys.exit(f"step {step}: gradient outside of the reflections, or none in one that has an advantage")
        signal += bool(moved.any())
    first = t.seen[0]
    print(tok.decode(first["completion_ids"][0][first["completion_mask"][0].bool()]))
    if not signal:
        sys.exit("no step had signal")


if __name__ == "__main__":
    main()
