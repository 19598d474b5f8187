"""Cuts texts with pre-tokenizers of Hugging Face's tokenizers 0.23.3, for pretokenize_real_test.go.

Standard input: {"pre_tokenizers": [as in a tokenizer.json, ...], "texts": [...]}.
Standard output: for each pre-tokenizer a line, a list of lists of pieces.
"""
import json
import sys

import tokenizers
from tokenizers import Tokenizer, models

if tokenizers.__version__ != "0.23.3":
    sys.exit("tokenizers %s, want 0.23.3" % tokenizers.__version__)
order = json.load(sys.stdin)
empty = json.loads(Tokenizer(models.BPE()).to_str())
for pre in order["pre_tokenizers"]:
    tokenizer = Tokenizer.from_str(json.dumps(dict(empty, pre_tokenizer=pre)))
    cut = tokenizer.pre_tokenizer.pre_tokenize_str
    print(json.dumps([[piece for piece, _ in cut(text)] for text in order["texts"]]))
