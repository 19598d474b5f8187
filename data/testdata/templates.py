"""Plays conversations with the chat templates that trainers use, and prints what transformers makes of them.

usage: python templates.py VOCABULARIES

VOCABULARIES is a folder of NAME.json, each a tokenizer.json. The templates are those of the package trl
(trl/chat_templates), of which no module is imported. For each template and conversation a line of JSON:

    turns       what an engine would have returned for each turn of the assistant: prompt (ids of the conversation so far
                with the generation prompt), ids (what is sampled after it, the end token included), pieces (their text)
    input_ids   apply_chat_template of the whole conversation
    mask        its return_assistant_tokens_mask; null where the template has no {% generation %}
    text        the text of each input id
    breaks      for each turn after the first, where its prompt differs from the prompt and ids of the turn before, null where it
                does not: at (token), same_text (whether the text goes on and only its tokens differ). From the texts
                and the offsets of tokens, without comparing ids.
"""

import importlib.util
import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

from transformers import PreTrainedTokenizerFast

TEMPLATES = os.path.join(importlib.util.find_spec("trl").submodule_search_locations[0], "chat_templates")

# template, vocabulary, what the model samples for thinking r and content c, begin of text, further special tokens: some
# templates are played with another model's vocabulary, which is given their special tokens
CASES = [
    ("qwen3_training", "qwen3", "<think>\n{r}\n</think>\n\n{c}<|im_end|>", None, []),
    ("qwen3", "qwen3", "<think>\n{r}\n</think>\n\n{c}<|im_end|>", None, []),
    ("qwen3_instruct_2507_training", "qwen3", "{c}<|im_end|>", None, []),
    ("qwen3_5_think_training", "qwen3", "{r}\n</think>\n\n{c}<|im_end|>", None, []),
    ("qwen2_5_training", "qwen3", "{c}<|im_end|>", None, []),
    ("llama3_training", "llama3_1", "{c}<|eot_id|>", "<|begin_of_text|>", []),
    ("gemma_training", "gemma3", "{c}<end_of_turn>", "<bos>", []),
    ("gemma3_training", "gemma3", "{c}<end_of_turn>", "<bos>", []),
    ("cohere_training", "command_r_plus", "{c}<|END_OF_TURN_TOKEN|>", "<BOS_TOKEN>", []),
    ("deepseekv3_training", "deepseek_v3", "{r}\n</think>\n\n{c}<｜end▁of▁sentence｜>", "<｜begin▁of▁sentence｜>", []),
    ("gptoss_training", "gptoss", "<|channel|>final<|message|>{c}<|return|>", None, []),
    ("glm4moe_training", "qwen3", "\n<think>{r}</think>\n{c}<|user|>", None, ["[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>"]),
    ("phi3_training", "qwen3", "{c}<|end|>", None, ["<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]),
    ("lfm2_training", "qwen3", "{c}<|im_end|>", "<|startoftext|>", ["<|startoftext|>"]),
]

HARD = "Ich weiß: 日本語 é e\u0301 👩‍👩‍👧‍👦 in `x = [1,2]`\n\n\tif a:\n\t\treturn  12345"

# name, system prompt, then for each turn of the assistant what is asked before it, its thinking and its content
CONVERSATIONS = [
    ("plain", None, [("What is 6 times 7?", "", "41"), ("That was wrong. Reflect.", "", "I multiplied wrongly."), ("What is 6 times 7?", "", "42")]),
    ("hard", "Be brief.\nAnswer in one line.", [(HARD, "", HARD), (" Reflect:\n\n", "", HARD + HARD), ("Again?!", "", "…")]),
    ("thinks", None, [("What is 6 times 7?", "6*7=41?", "41"), ("That was wrong. Reflect.", "Let me see.", "I multiplied wrongly."), ("Again:", "6*7=42", "42")]),
    ("spaces", None, [("What is 6 times 7?", "", " 41 \n"), ("That was wrong. Reflect.", "", "I multiplied wrongly.\n\n"), ("Again:", "", "42")]),
]


def differs(tokenizer, old_parts, new):
    """Where the tokens of new stop being those of the texts old_parts, each tokenised by itself."""
    old, ends_old = "", []
    for part in old_parts:
        offsets = tokenizer(part, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        ends_old += [len(old) + end for _, end in offsets]
        old += part
    ends_new = [end for _, end in tokenizer(new, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]]
    for i, end in enumerate(ends_old):
        if i == len(ends_new) or ends_new[i] != end or new[:end] != old[:end]:
            return {"at": i, "same_text": new.startswith(old)}
    return None


def play(tokenizer, template, say, conversation):
    _, system, asked = conversation
    messages = [{"role": "system", "content": system}] if system and "System role not supported" not in template else []
    turns, breaks, before = [], [], None
    for question, thinking, content in asked:
        messages.append({"role": "user", "content": question})
        prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        completion = say.format(r=thinking, c=content)
        ids = tokenizer(completion, add_special_tokens=False)["input_ids"]
        turns.append({
            "prompt": tokenizer.apply_chat_template(messages, tokenize=True, add_generation_prompt=True, return_dict=True)["input_ids"],
            "ids": ids,
            "pieces": [tokenizer.decode([i]) for i in ids],
        })
        if before:
            breaks.append(differs(tokenizer, before, prompt))
        before = [prompt, completion]
        message = {"role": "assistant", "content": content}
        if thinking:
            message["reasoning_content"] = thinking
        messages.append(message)
    whole = tokenizer.apply_chat_template(messages, tokenize=True, return_dict=True, return_assistant_tokens_mask="generation %}" in template)
    return {
        "turns": turns, "breaks": breaks, "input_ids": whole["input_ids"], "mask": whole.get("assistant_masks"),
        "text": [tokenizer.decode([i]) for i in whole["input_ids"]],
    }


def main(vocabularies):
    for name, vocabulary, say, bos, more in CASES:
        file = os.path.join(vocabularies, vocabulary + ".json")
        if not os.path.exists(file):
            print(json.dumps({"template": name, "missing": vocabulary}))
            continue
        tokenizer = PreTrainedTokenizerFast(tokenizer_file=file, bos_token=bos)
        tokenizer.add_special_tokens({"additional_special_tokens": more})
        with open(os.path.join(TEMPLATES, name + ".jinja"), encoding="utf-8") as f:
            tokenizer.chat_template = f.read()
        for conversation in CONVERSATIONS:
            print(json.dumps({"template": name, "conversation": conversation[0], **play(tokenizer, tokenizer.chat_template, say, conversation)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
