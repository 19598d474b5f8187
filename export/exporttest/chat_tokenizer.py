"""Reads the tokenizer of Chat with transformers and compares its ids. Arguments: FOLDER."""

import json
import sys
from pathlib import Path

from transformers import AutoTokenizer


def main(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert type(tokenizer).__name__ in ("PreTrainedTokenizerFast", "TokenizersBackend"), type(tokenizer)
    assert (tokenizer.eos_token_id, tokenizer.pad_token_id, len(tokenizer)) == (257, 258, 259)
    conversations = json.loads((folder / "conversations.json").read_text("utf-8"))
    for n, c in enumerate(conversations):
        context = tokenizer.apply_chat_template(
            c["messages"][:-1], add_generation_prompt=True, return_dict=False
        )
        assert context == c["prompt"], f"conversation {n}: context"
        whole = tokenizer.apply_chat_template(
            c["messages"], return_dict=True, return_assistant_tokens_mask=True
        )
        assert whole["input_ids"] == c["prompt"] + c["ids"] + [ord("\n")], f"conversation {n}"
        end = len(c["prompt"]) + len(c["ids"])
        mask = whole["assistant_masks"]
        assert mask[len(c["prompt"]) : end] == [1] * len(c["ids"]), f"conversation {n}: mask"
        assert mask[end:] == [0], f"conversation {n}: mask of the end"
        assert tokenizer.decode(c["ids"]) == c["messages"][-1]["content"] + "<|im_end|>"
    print(f"{len(conversations)} conversations: ids and masks are the same")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
