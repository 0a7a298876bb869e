"""What somebody may write into a file or on the command line: valid things, a little spoilt, and noise."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

BAD = (
    *("", " ", "\0", "\n", "\r\n", "\t", "\x1b[31m", "\x9b31m", "\u202e", "\u200b", "\ufeff", "\ud800", "\udcff"),
    *("=1+1", "+1", "-1", "@sum", "'", '"', "|", "`", "<script>", "[/b]", "{x}", "%s", "\\", "../x", "~", "ü"),
    *("0", "-0", "1e308", "-1e308", "1e-320", "1e999", "nan", "inf", "-inf", "9" * 30, "9" * 5000, "0x10", "1_0"),
    *("NA", "None", "null", "true", "True", ">5", "1,5", "1.000,0", "2020-01-01", "a" * 3000, "[" * 3000),
)
"""Texts that programs stumble over."""

texts = st.sampled_from(BAD) | st.text(st.characters(), max_size=8)
numbers = st.integers() | st.floats() | st.sampled_from([0, -1, 10**400, 2**63, 1e308, 5e-324])
scalars = st.none() | st.booleans() | numbers | texts


def specs(names: Sequence[str], keys: Sequence[str], values: Sequence[str] = ()) -> st.SearchStrategy[str]:
    """Draw names with parameters, of known ones and others."""
    name = st.sampled_from(names) | texts
    key, value = st.sampled_from([*keys, "@label", "@target"]) | texts, st.sampled_from([*values, "1"]) | texts
    pairs = st.tuples(key, value)
    return st.builds(
        lambda name, pairs: ":".join([name, *map("=".join, pairs)]), name, st.lists(pairs, max_size=2)
    )


@st.composite
def spoilt_bytes(draw: st.DrawFn, whole: bytes) -> bytes:
    """Draw a content of which some bytes are changed, left out or added; or noise."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.binary(max_size=200))
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = start + draw(st.sampled_from([0, 0, 1, 1, 8, 100, 10**6]))
        content[start:end] = draw(st.binary(max_size=4))
    return bytes(content)


@st.composite
def spoilt_text(draw: st.DrawFn, whole: str, words: str = r"[^\s,=:\[\]{}\"']+") -> bytes:
    """Draw a text in which lines moved, or words became others, in some encoding."""
    lines = whole.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 3))):
        here, there = (draw(st.integers(0, max(0, len(lines) - 1))) for _ in range(2))
        match draw(st.sampled_from(["word", "word", "word", "drop", "twice", "swap", "cut", "add"])):
            case "word" if lines:
                found = list(re.finditer(words, lines[here]))
                if found:
                    word = draw(st.sampled_from(found))
                    lines[here] = lines[here][: word.start()] + draw(texts) + lines[here][word.end() :]
            case "drop":
                del lines[here : here + draw(st.integers(1, 3))]
            case "twice":
                lines[here:here] = lines[there : there + 1]
            case "swap" if lines:
                lines[here], lines[there] = lines[there], lines[here]
            case "cut" if lines:
                lines[here:] = [lines[here][: draw(st.integers(0, 30))]]
            case _:
                lines.insert(here, draw(texts))
    encoding = draw(st.sampled_from(["utf-8"] * 8 + ["utf-8-sig", "utf-16", "latin-1"]))
    return "".join(lines).encode(encoding, "surrogatepass" if encoding != "latin-1" else "replace")


@st.composite
def spoilt_csv(draw: st.DrawFn, whole: str) -> bytes:
    """Draw a CSV file in which cells became others, or rows and columns moved, or any bytes or lines changed."""
    if draw(st.booleans()):
        return draw(st.one_of(spoilt_bytes(whole.encode()), spoilt_text(whole)))
    rows = list(csv.reader(io.StringIO(whole)))
    for _ in range(draw(st.integers(1, 4))):
        row = draw(st.integers(0, len(rows) - 1))
        column, other = (draw(st.integers(0, len(rows[0]) - 1)) for _ in range(2))
        match draw(st.sampled_from(["cell", "cell", "cell", "column", "swap", "copy", "name"])):
            case "cell":
                rows[row][column] = draw(texts)
            case "column":
                cell = draw(texts)
                for cells in rows[1:]:
                    cells[column] = cell
            case "swap":
                for cells in rows[draw(st.integers(0, 1)) :]:
                    cells[column], cells[other] = cells[other], cells[column]
            case "copy":
                rows.append(list(rows[row]))
            case _:
                rows[0][column] = draw(texts)
    text = io.StringIO()
    csv.writer(text, lineterminator=draw(st.sampled_from(["\n", "\n", "\r\n"]))).writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)


@st.composite
def spoilt_tree(draw: st.DrawFn, tree: Any) -> Any:
    """Draw a tree of lists and tables in which a branch became another, or is missing."""
    inner = list(tree) if isinstance(tree, Mapping) else list(range(len(tree))) if isinstance(tree, list) else []
    if not inner or draw(st.integers(0, 3)) == 0:
        return draw(trees)
    key, way = draw(st.sampled_from(inner)), draw(st.sampled_from(["inside", "inside", "gone", "new"]))
    if way == "new" and isinstance(tree, Mapping):
        return {**tree, draw(texts): draw(trees)}
    kept = [(name, tree[name]) for name in inner if name != key]
    if way != "gone":
        kept.insert(inner.index(key), (key, draw(spoilt_tree(tree[key]))))
    return dict(kept) if isinstance(tree, Mapping) else [item for _, item in kept]


@st.composite
def spoilt_json(draw: st.DrawFn, tree: Any) -> bytes:
    """Draw JSON of which a branch is spoilt, or any bytes or lines; at times nested without end."""
    whole = json.dumps(tree, indent=1)
    match draw(st.integers(0, 9)):
        case 0:
            return whole.encode().replace(b"0", b"[" * 100_000, 1)
        case 1 | 2:
            return draw(spoilt_bytes(whole.encode()))
        case 3 | 4:
            return draw(spoilt_text(whole))
    return json.dumps(draw(spoilt_tree(tree))).encode()


TOML = (
    *("true", "-1", "0", "1.5", "inf", "nan", "1e308", "9" * 25, "0x" + "f" * 5000, "9" * 5000, "2020-01-01"),
    *("[]", "[[]]", "{}", '""', '"\\u001b[31m"', '"\\u202e"', '"=1+1"', "'''a\nb'''", "[1, 'a']"),
    *("[" * 2000 + "]" * 2000, ".".join("a" * 200) + " = 1", "[" + ".".join("a" * 200) + "]"),
    *("[[loss]]", "[claims]", "{ a = { b = 1 } }"),
)
"""Values and lines that are TOML, or nearly."""


@st.composite
def spoilt_toml(draw: st.DrawFn, whole: str) -> bytes:
    """Draw a TOML file in which a value is another, or lines or bytes changed."""
    match draw(st.integers(0, 4)):
        case 0:
            return draw(spoilt_bytes(whole.encode()))
        case 1:
            return draw(spoilt_text(whole))
    lines = whole.splitlines()
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.integers(0, len(lines) - 1))
        key, equals, _ = lines[place].partition("=")
        value = draw(st.sampled_from(TOML))
        lines[place] = f"{key}= {value}" if equals else value
    return "\n".join(lines).encode()
