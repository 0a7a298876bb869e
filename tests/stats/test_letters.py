"""The compact letter display says neither more nor less than the pairs it stands for."""

from __future__ import annotations

from itertools import combinations, islice

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.stats.letters import alphabet, letters

many = settings(max_examples=50, deadline=None)
relations = (
    st.integers(1, 8).flatmap(lambda n: arrays(np.bool_, (n, n))).map(lambda m: np.triu(m, 1) | np.triu(m, 1).T)
)


def shares(texts: list[str], one: int, other: int) -> bool:
    """Say whether two losses have a letter in common."""
    return bool(set(texts[one]) & set(texts[other]))


@many
@given(told_apart=relations)
def test_two_losses_share_a_letter_where_they_are_not_told_apart(told_apart: np.ndarray) -> None:
    """A letter in common if and only if the pair is not told apart, for any symmetric relation."""
    texts = letters(told_apart)
    for pair in combinations(range(len(told_apart)), 2):
        assert shares(texts, *pair) is not bool(told_apart[pair])


@many
@given(told_apart=relations)
def test_every_loss_has_a_letter_and_the_best_the_first(told_apart: np.ndarray) -> None:
    """No cell is empty, the best loss has an "a", and letters are used in order without a gap, once a cell."""
    texts = letters(told_apart)
    assert all(text == "".join(sorted(set(text))) and text for text in texts)
    assert texts[0].startswith("a")
    used = set("".join(texts))
    assert used == set(islice(alphabet(), len(used)))


@many
@given(told_apart=relations)
def test_no_letter_could_be_left_out(told_apart: np.ndarray) -> None:
    """Taking any one letter from any loss would leave it bare or part it from another that it is not told from."""
    texts = letters(told_apart)
    for loss, text in enumerate(texts):
        for letter in text:
            fewer = [*texts[:loss], text.replace(letter, ""), *texts[loss + 1 :]]
            others = (other for other in range(len(texts)) if other != loss)
            parted = [other for other in others if shares(texts, loss, other) and not shares(fewer, loss, other)]
            assert parted or not fewer[loss]


def test_three_losses() -> None:
    """The middle one of three that is told from neither end has the letters of both."""
    ends = np.zeros((3, 3), dtype=bool)
    ends[0, 2] = ends[2, 0] = True
    assert letters(ends) == ["a", "ab", "b"]
    assert letters(np.zeros((3, 3), dtype=bool)) == ["a", "a", "a"]
    assert letters(~np.eye(3, dtype=bool)) == ["a", "b", "c"]


def test_there_are_letters_for_any_number_of_losses() -> None:
    """A hundred losses that all differ have a hundred letters."""
    assert len(set(letters(~np.eye(100, dtype=bool)))) == 100


def test_no_losses_have_no_letters() -> None:
    """Where every loss diverged there is nothing to mark."""
    assert letters(np.zeros((0, 0), dtype=bool)) == []
