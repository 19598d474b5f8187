"""Makes the vocabularies and golden.json of this folder with Hugging Face's tokenizers 0.23.3.

golden.py DIR: trains small vocabularies on the text below, writes each as DIR/golden_NAME.json, and what
they make of hard texts as DIR/golden.json: by name, lists of [text, ids without added tokens, ids with
them, ids with special tokens as text, decoded].
"""

import json
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = [
    "The answer is wrong because the previous step dropped a sign. Let me reflect on the mistake and try again.",
    "def reflect(answer, score):\n    if score < 1:\n        return answer + 1\n    return None\n",
    "I'll say that it's 12,345.67 or 2026-11-21, and don't they know? WE'RE sure; you've seen 100 of 1000.",
    "Größe und Straße, l'été à Paris, où est-ce? Привет, это ответ. 答案是四十二。答案不是。日本語のテキスト。",
    "    spaces        and\ttabs\n\n\nand lines\r\n\r\nend  of   it ",
]

TEXTS = [
    "", " ", "  ", "   ", "\n", "\n\n\n", "\t", "\r\n\r\n", " a", "a ", "a  b", "   a   b  ", "answer", " answer", "the answer is 42", "The Answer Is", "reflect reflect",
    "\u2581", "\u2581a", " \u2581 a", "a\u2581b", "\u2581\u2581\u2581", "<0x0A>", "<0x41><0xE9>", "don't DON'T don\u2019t I'LL it'\u017f we'Re 's ''s",
    "12345678", "1,234.5", "\u0661\u0662\u0663", "\u00bd\u00b2\u2167", "1 22 333 4444", "x1y22z", "Größe Straße", "Gro\u0308\u00dfe", "e\u0301te\u0301", "q\u0307\u0323 q\u0323\u0307", "\u212b \u00c5 A\u030a",
    "\uac00\u11a8 \u1100\u1161\u11a8", "\u0958 \u0915\u093c", "Привет", "答案是四十二。", "日本語のテキスト", "\U00020bb7\U0001f642", "👩\u200d💻 👍🏽 🇩🇪🇺🇸 ❤\ufe0f",
    "\u00a0a\u00a0 b", "a\u3000b", "a\u2028b\u2029c", "a\u0085b", "\ufeffa", "a\u200bb", "a\x00b", "\x1c \x1f", "\u180e", "\ufffd\ufffd", "a\ufffdb",
    "    return None\n", "\n    return\n\n        x", "a\n b\n  c", "a \n \n b", "\t\tif x:\n\t\t\treturn", "x = [1, 2, 3];  // done", "!!!???...", " !", "  !", "a--b__c//d", "====", "snake_case camelCase HTTPServer",
    "<s>", "</s>", "<unk>", "<s>a", "<s> a", "a<s>", "a <s> b", "<s><s></s>", "<s", "s>", "< s>", "<S>", "x<sep>y", "x <sep> y", "x  <sep>  y", "\n<sep>\n", "<sep><sep>", " <sep> <sep> ",
    "word", "a word b", "words", "sword", "word.", "word word", "_word", "word1", "\u00e9word", "<tool>", "a<tool>b", "a <tool> b", "<Tool>", "<toolbox>", "<tool>box", "<toolb", "<s>answer</s> the<sep>answer",
    "a龍b", "龍龍 龍é龍", "é龍é龍龍a", "龍\u0107龍\u2581龍", "the answer" * 8, "a" * 70, " " * 40, "ab" * 40, "答" * 40, "\n" * 20, "=" * 33, "0" * 25, "é" * 30, "👍" * 12, "reflect" * 12,
]

SPECIAL = ["<unk>", "<s>", "</s>"]


def added(tokenizer, normalized):
    tokenizer.add_special_tokens([AddedToken("<sep>", special=True, lstrip=True, rstrip=True, normalized=False)])
    tokenizer.add_tokens([AddedToken("word", single_word=True, normalized=normalized), AddedToken("<tool>", normalized=False), AddedToken("<toolbox>", normalized=False)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    return tokenizer


def byte_level(regex, normalizer):
    t = Tokenizer(models.BPE())
    t.normalizer = normalizer
    split = pre_tokenizers.Split(Regex(regex), behavior="isolated")
    t.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=420, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False))
    return added(t, normalized=True)


# Characters from U+6000 on have bytes without tokens: they are unknown.
def spaced(vocab_size, normalizer, pre_tokenizer, bytes, normalized):
    train = Tokenizer(models.BPE())
    train.normalizer = normalizers.Replace(" ", "\u2581")
    tokens = SPECIAL + ["<0x%02X>" % b for b in range(bytes)]
    train.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=tokens, max_token_length=12, show_progress=False))
    model = json.loads(train.to_str())["model"]
    merges = [tuple(m) for m in model["merges"]]
    t = Tokenizer(models.BPE(model["vocab"], merges, unk_token="<unk>", fuse_unk=normalized, byte_fallback=True))
    t.add_special_tokens(SPECIAL)
    t.normalizer, t.pre_tokenizer = normalizer, pre_tokenizer
    steps = [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    t.decoder = decoders.Sequence(steps + [decoders.Strip(" ", 1, 0)])
    return added(t, normalized=normalized)


def main(folder):
    qwen = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    replace = normalizers.Replace(" ", "\u2581")
    prepend = normalizers.Sequence([normalizers.Prepend("\u2581"), replace])
    made = {
        "bytelevel": byte_level(qwen, normalizers.NFC()),
        "prepend": spaced(400, prepend, None, 0xE6, True),
        "metaspace": spaced(380, None, pre_tokenizers.Metaspace("\u2581", "first", False), 0xE6, False),
    }
    golden = {}
    for name, t in made.items():
        t.save("%s/golden_%s.json" % (folder, name), pretty=False)
        golden[name] = rows = []
        for text in TEXTS:
            plain = t.encode(text, add_special_tokens=False).ids
            t.encode_special_tokens = True
            literal = t.encode(text, add_special_tokens=False).ids
            t.encode_special_tokens = False
            rows.append([text, plain, t.encode(text).ids, literal, t.decode(plain, skip_special_tokens=False)])
    lines = ",\n".join("%s:[\n%s\n]" % (json.dumps(n), ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows)) for n, rows in golden.items())
    with open(folder + "/golden.json", "w") as f:
        f.write("{" + lines + "}\n")


main(*sys.argv[1:])
