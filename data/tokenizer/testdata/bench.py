"""Prints how many seconds Hugging Face's library takes to encode texts: the fastest of five passes.

bench.py TOKENIZER.JSON TEXTS.JSON, with RAYON_NUM_THREADS=1 for one core. Lists of ids are not made.
"""
import json
import sys
import time

from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as f:
    texts = json.load(f)
best = float("inf")
for _ in range(5):
    start = time.perf_counter()
    tokenizer.encode_batch_fast(texts)
    best = min(best, time.perf_counter() - start)
print(best)
