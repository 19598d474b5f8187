"""The rules of package similar, stated plainly and slowly, to hold the Go code against.

Reads one JSON object from standard input: {"n", "keep_templates", "entries": [{"set", "name", "text"}], "texts"}.
Writes one JSON object a text: {"words", "tokens", "match": null or {"set", "name", "ngram", "share", "whole"}}.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator

UNSPACED = re.compile("(CJK UNIFIED IDEOGRAPH|HIRAGANA LETTER|KATAKANA LETTER|THAI CHARACTER|KATAKANA-HIRAGANA PROLONGED)")
PROSE = set(".,;:?'\"`‘’“”„«»…—–、。，？；：")
Gram = tuple[str, ...]


def raised(text: str) -> str:
    """Marks superscripts with ^, subscripts with _, other numbers off the line with a space."""
    text = re.sub("([⁰¹²³⁴-⁹]+)", r"^\1", text)
    text = re.sub("([₀-₉]+)", r"_\1", text)
    return re.sub("([¼-¾⅐-⅞①-⑳])", r" \1", text)


def folded(text: str) -> str:
    visible = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf"))
    normal = unicodedata.normalize("NFKC", raised(visible))
    return unicodedata.normalize("NFKC", normal.casefold())


def spaced(text: str) -> str:
    """Puts white space around each character of the scripts that have none; its marks stay with it."""
    out = ""
    for c in text:
        if unicodedata.category(c).startswith("M"):
            out = out.rstrip(" ") + c + (" " if out.endswith(" ") else "")
        elif UNSPACED.match(unicodedata.name(c, "")):
            out += f" {c} "
        else:
            out += c
    return out


def words(text: str) -> list[str]:
    kept = "".join(c for c in folded(text) if unicodedata.category(c)[0] not in "PS")
    return spaced(kept).split()


def tokens(text: str) -> list[str]:
    parts = (f" {c} " if unicodedata.category(c)[0] in "PS" else c for c in folded(text))
    return spaced("".join(parts)).split()


def whole(text: str) -> Gram:
    return tuple(t for t in tokens(text) if t not in PROSE)


def grams(words: list[str], n: int) -> Iterator[Gram]:
    return (tuple(words[i : i + n]) for i in range(len(words) - n + 1))


class Reference:
    def __init__(self, entries: Iterable[dict[str, str]], n: int, keep_templates: bool) -> None:
        self.n = n
        self.entries = list(entries)
        self.wholes: dict[Gram, int] = {}
        holders: dict[str, dict[Gram, list[int]]] = {}
        distinct: dict[str, set[Gram]] = {}
        for i, entry in enumerate(self.entries):
            if key := whole(entry["text"]):
                self.wholes.setdefault(key, i)
            w = words(entry["text"])
            seen = distinct.setdefault(entry["set"], set())
            if not w or tuple(w) in seen:
                continue
            seen.add(tuple(w))
            size = n if len(w) >= n else len(w)
            if size < 8:
                continue
            for gram in set(grams(w, size)):
                holders.setdefault(entry["set"], {}).setdefault(gram, []).append(i)
        self.first: dict[Gram, int] = {}
        for name, by_gram in holders.items():
            for gram, ids in by_gram.items():
                if not keep_templates and len(ids) > 10 and len(ids) > 0.05 * len(distinct[name]):
                    continue
                self.first[gram] = min(ids[0], self.first.get(gram, ids[0]))
        self.sizes = sorted({len(gram) for gram in self.first})

    def find(self, text: str) -> dict[str, object] | None:
        w = words(text)
        if (key := whole(text)) and key in self.wholes:
            return self.match(self.wholes[key], tuple(w), 1.0, True)
        covered: set[int] = set()
        hits: list[tuple[int, int, Gram]] = []
        for n in self.sizes:
            for at, gram in enumerate(grams(w, n)):
                if gram in self.first:
                    hits.append((at, 0 if n == self.n else n, gram))
                    covered.update(range(at, at + n))
        if not hits:
            return None
        gram = min(hits)[2]
        return self.match(self.first[gram], gram, len(covered) / len(w), False)

    def match(self, i: int, gram: Gram, share: float, is_whole: bool) -> dict[str, object]:
        entry = self.entries[i]
        return {"set": entry["set"], "name": entry["name"], "ngram": " ".join(gram), "share": share, "whole": is_whole}


def main() -> None:
    job = json.load(sys.stdin)
    reference = Reference(job["entries"], job["n"], job["keep_templates"])
    for text in job["texts"]:
        row = {"words": words(text), "tokens": tokens(text), "match": reference.find(text)}
        print(json.dumps(row, ensure_ascii=True))


if __name__ == "__main__":
    main()
