"""The rules of package similar, stated plainly and slowly, to hold the Go code against.

Reads one JSON object from standard input: {"n", "keep_templates", "entries": [{"set", "name", "text"}], "texts"}.
Writes one JSON object a text: {"words", "tokens", "match": null or {"set", "name", "ngram", "share", "whole"}}.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator

UNSPACED = re.compile(
    "(CJK UNIFIED IDEOGRAPH|HIRAGANA LETTER|KATAKANA LETTER|THAI CHARACTER|KATAKANA-HIRAGANA PROLONGED)"
)
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


def first_of(
    held: dict[str, dict[Gram, dict[int, int]]], distinct: dict[str, set[Gram]], keep_templates: bool
) -> dict[Gram, int]:
    """Returns the first text that holds each gram, without those that are wording of their set."""
    first: dict[Gram, int] = {}
    for name, by_gram in held.items():
        for gram, units in by_gram.items():
            if not keep_templates and len(units) > 10 and len(units) > 0.05 * len(distinct[name]):
                continue
            at = min(units.values())
            first[gram] = min(at, first.get(gram, at))
    return first


class Reference:
    def __init__(self, entries: Iterable[dict[str, str]], n: int, keep_templates: bool) -> None:
        self.n = n
        self.entries = list(entries)
        holders: dict[str, dict[Gram, dict[int, int]]] = {}
        distinct: dict[str, set[Gram]] = {}
        wholes: dict[str, dict[Gram, dict[int, int]]] = {}
        units: list[list[int]] = []
        for i, entry in enumerate(self.entries):
            last = self.entries[units[-1][0]] if units else {"set": "", "name": ""}
            if entry["name"] and (entry["set"], entry["name"]) == (last["set"], last["name"]):
                units[-1].append(i)
            else:
                units.append([i])
        for number, unit in enumerate(units):
            name = self.entries[unit[0]]["set"]
            parts = [words(self.entries[i]["text"]) for i in unit]
            key = tuple(t for i in unit for t in [*tokens(self.entries[i]["text"]), ""])
            seen = distinct.setdefault(name, set())
            if key in seen:
                continue
            if any(parts):
                seen.add(key)
            for i in unit:
                if text := whole(self.entries[i]["text"]):
                    wholes.setdefault(name, {}).setdefault(text, {}).setdefault(number, i)
            for i, w in zip(unit, parts, strict=True):
                size = n if len(w) >= n else len(w)
                for gram in grams(w, size) if size >= 8 else ():
                    holders.setdefault(name, {}).setdefault(gram, {}).setdefault(number, i)
        self.first = first_of(holders, distinct, keep_templates)
        self.wholes = first_of(wholes, distinct, keep_templates)
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
