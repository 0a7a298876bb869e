"""Every source of a record, and of the methods, is a work that can be cited."""

from __future__ import annotations

import re

import pytest

from lossbench.data import records
from lossbench.losses import catalogue
from lossbench.report.paper.sources import METHODS, Source, read_source, read_sources
from report.paper.tex import balanced

LOSSES = {one.source for one in catalogue()}
ALL = sorted({*LOSSES, *METHODS.values(), *(one.source for one in records())})
PROGRAMS = {"scikit-learn, `make_moons`.", "scikit-learn, `make_multilabel_classification`."}


def test_every_loss_and_every_method_can_be_cited() -> None:
    """The text of each record has authors, year and title; so do all data sets but those that a program makes."""
    assert {text for text in ALL if not [*read_sources(text)]} == PROGRAMS


@pytest.mark.parametrize("text", sorted(set(ALL) - PROGRAMS))
def test_nothing_of_a_source_is_lost(text: str) -> None:
    """Authors, year, title and place are the words of the record, in their order."""
    for part in text.split("; "):
        source = read_source(part)
        assert source is not None
        words = [*source.authors, source.year, *source.title.split(), *source.where.split()]
        pattern = r".*?".join(map(re.escape, words))
        assert re.search(pattern, part)
        assert "(" not in "".join(source.authors)


def test_a_key_is_of_one_work() -> None:
    """Sources with one key have the same authors, year and title."""
    works: dict[str, set[object]] = {}
    for text in ALL:
        for source in read_sources(text):
            works.setdefault(source.key, set()).add((source.authors, source.year, source.title))
    assert {key: found for key, found in works.items() if len(found) > 1} == {}
    assert all(re.fullmatch(r"[a-z]+\d{4}[a-z0-9]*", key) for key in works)


def test_an_entry_is_bibtex() -> None:
    """Braces close, and surnames of several words stay one."""
    source = Source(("de Myttenaere", "Ed_ge"), "2016", "50 % & more", "")
    assert source.entry == (
        "@misc{demyttenaere2016more,\n  author = {{de Myttenaere} and Ed\\_ge},\n  year = {2016},\n"
        "  title = {{50 \\% \\& more}},\n}\n"
    )
    assert balanced(source.entry)
