"""Encodes and decodes texts with Hugging Face's tokenizers 0.23.3, for compare_test.go.

compare.py TOKENIZER.json DIR: reads DIR/texts.jsonl (one JSON string a line) and DIR/ids.bin (lists of
ids), writes into DIR lists of int32, each after its length:
  plain.bin    encoded without the tokens that a tokenizer adds
  added.bin    encoded with them
  literal.bin  each after the number of its text: those with special tokens in them, encoded with
               special tokens as text (encode_special_tokens)
and texts, each after its length in bytes: decoded.bin (of plain.bin), random.bin (of ids.bin).
"""

import array
import json
import struct
import sys

import tokenizers

BATCH = 5000


def batches(items):
    for i in range(0, len(items), BATCH):
        yield items[i : i + BATCH]


def encode(tokenizer, texts, special):
    for batch in batches(texts):
        for encoding in tokenizer.encode_batch_fast(batch, add_special_tokens=special):
            yield encoding.ids


def write(lists, path):
    with open(path, "wb") as f:
        for ids in lists:
            array.array("i", [len(ids)] + ids).tofile(f)


def decode(tokenizer, lists, path):
    with open(path, "wb") as f:
        for batch in batches(lists):
            for text in tokenizer.decode_batch(batch, skip_special_tokens=False):
                b = text.encode("utf-8")
                f.write(struct.pack("<i", len(b)) + b)


def read_ids(path):
    with open(path, "rb") as f:
        words = array.array("i", f.read())
    lists, i = [], 0
    while i < len(words):
        lists.append(words[i + 1 : i + 1 + words[i]].tolist())
        i += 1 + words[i]
    return lists


def main(path, folder):
    if tokenizers.__version__ != "0.23.3":
        sys.exit("tokenizers %s, want 0.23.3" % tokenizers.__version__)
    tokenizer = tokenizers.Tokenizer.from_file(path)
    with open(folder + "/texts.jsonl", encoding="utf-8", newline="\n") as f:
        texts = [json.loads(line) for line in f.read().split("\n") if line]
    plain = list(encode(tokenizer, texts, False))
    write(plain, folder + "/plain.bin")
    decode(tokenizer, plain, folder + "/decoded.bin")
    decode(tokenizer, read_ids(folder + "/ids.bin"), folder + "/random.bin")
    write(encode(tokenizer, texts, True), folder + "/added.bin")
    special = {id for id, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    some = [i for i, ids in enumerate(plain) if not special.isdisjoint(ids)]
    tokenizer.encode_special_tokens = True
    literal = encode(tokenizer, [texts[i] for i in some], False)
    write(([i] + ids for i, ids in zip(some, literal)), folder + "/literal.bin")


main(*sys.argv[1:])
