"""No sentence says more than its verdicts: each loss once, under its own, and counted where there are many."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.report.answer.table import main_clause, paragraph
from lossbench.stats.answer.facts import Against, Contaminated, Unfinished
from lossbench.stats.verdicts import APART, BETTER, WITHIN, WORSE
from lossbench.task import Task
from report.answer.made import NAMES, VERDICTS, made, tables


def verdict_of(clause: str) -> str:
    """Read back which verdict a clause is the wording of."""
    if "as good as ref" in clause:
        return "equivalent"
    if "be told apart from ref" in clause:
        return "inconclusive"
    (word,) = set(re.findall(r"\b(better|worse)\b", clause))
    return word + (WITHIN if "within the margin" in clause else "")


@given(verdicts=tables)
def test_where_nothing_is_learnt_nothing_is_asked_for(verdicts: dict[str, str]) -> None:
    """The paragraph says it, and that more seeds would decide something is not said."""
    said = paragraph(replace(made(verdicts, "accuracy"), unlearned=0.25))
    assert "No loss is shown to do better than a constant answer, which has 0.25" in said
    assert not re.search(r"would( not)? decide", said)


@given(verdicts=tables, score=st.sampled_from(["accuracy", "mae"]))
def test_no_sentence_says_more_than_its_verdicts(verdicts: dict[str, str], score: str) -> None:
    """Every loss is in the clause of its own verdict and in no other, by its name or as one of those counted."""
    found = main_clause(made(verdicts, score))
    for clause in found.split("; "):
        verdict = verdict_of(clause)
        named = re.findall(r"\bloss[a-j]\b", clause)
        counted = map(int, re.findall(r"(?<![.\d])(\d+) (?:more|losses)", clause))
        assert len(set(named)) == len(named)
        assert all(verdicts[loss] == verdict for loss in named)
        assert len(named) + sum(counted) == sum(word == verdict for word in verdicts.values())
    assert {verdict_of(clause) for clause in found.split("; ")} == set(verdicts.values())


@given(verdicts=tables, score=st.sampled_from(["accuracy", "mae"]))
def test_a_difference_is_above_zero_in_its_own_direction(verdicts: dict[str, str], score: str) -> None:
    """Better and worse by how much is a size, with an interval above zero, whichever way the score goes."""
    found = main_clause(made(verdicts, score))
    sizes = re.findall(r"by (\S+) \[(\S+), (\S+)\]", found)
    assert set(sizes) <= {("0.040", "0.020", "0.060")}
    assert bool(sizes) == bool(set(verdicts.values()) & set(APART))


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ({"mse": "inconclusive"}, "mse cannot be told apart from ref, and that is the finding"),
        (
            {"mse": "inconclusive", "ce": "inconclusive"},
            "none of the other 2 losses can be told apart from ref, and that is the finding",
        ),
        ({"mse": "equivalent"}, "mse is as good as ref (within 0.01 accuracy)"),
        (
            {"mse": "equivalent", "ce": "equivalent", "mae": "worse"},
            "mse and ce are as good as ref (within 0.01 accuracy); mae is worse than ref by 0.040 [0.020, 0.060]",
        ),
        (
            {"mse": BETTER[1], "mae": "inconclusive"},
            "mse is better than ref by 0.040 [0.020, 0.060], within the margin of 0.01; "
            "mae cannot be told apart from ref",
        ),
        (
            dict.fromkeys("abcdef", "worse"),
            "a is worse than ref by 0.040 [0.020, 0.060], b by 0.040 [0.020, 0.060], c by 0.040 [0.020, 0.060] "
            "and 3 more are worse too",
        ),
        ({}, "ref alone, so nothing is compared"),
    ],
)
def test_what_is_said_of_each_combination(verdicts: dict[str, str], said: str) -> None:
    """One and several, few and many, one verdict and all of them."""
    assert main_clause(made(verdicts)) == said


def test_pairs_without_the_reference_are_told() -> None:
    """A loss that another one beats is named where the reference does not tell it; then silence is no finding."""
    one = made({"mse": "inconclusive", "mae": "inconclusive"}, beaten=(("mae", ("mse",)),), best=("ref", "mse"))
    text = paragraph(one)
    assert (
        "none of the other 2 losses can be told apart from ref. Among the others, mae is worse than mse." in text
    )
    assert "finding" not in text


@pytest.mark.parametrize(
    ("seeds", "limit", "said"),
    [
        ([5], "", "About 5 more seeds would decide it."),
        ([1, 1], "", "About 1 more seed would decide them."),
        ([5, 30], "", "About 30 more seeds would decide them."),
        (
            [5, None],
            "rows",
            "About 5 more seeds would decide 1 of them; 1000 more would not decide the other, more rows may.",
        ),
        ([None], "rows", "1000 more seeds would not decide it, more rows may."),
        ([None, None], "seeds", "1000 more seeds would not decide them."),
        ([None], "one seed", "One seed shows no spread, so give more."),
    ],
)
def test_what_would_help_is_said(seeds: list[int | None], limit: str, said: str) -> None:
    """The number of seeds where it is known, and what is short where no number would do."""
    others = tuple(Against(NAMES[place], "inconclusive", 0.0, -0.1, 0.1, more) for place, more in enumerate(seeds))
    assert paragraph(replace(made({}), others=others, limit=limit)).endswith(f". {said}")


def test_a_reference_that_diverged_is_no_finding() -> None:
    """That no loss can be told from it is said with the reason."""
    one = made({"mse": "inconclusive", "mae": "inconclusive"}, unfinished=(Unfinished("ref", 3, 0, 3),), limit="")
    assert main_clause(one) == "no loss can be told apart from ref, whose trainings did not all end well"


@given(words=st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=4))
def test_contamination_is_worded_by_its_own_test(words: list[str]) -> None:
    """A loss is named as better or worse there exactly if the test at that share says so."""
    others = tuple((loss, verdict, 0.75) for loss, verdict in zip(NAMES, words, strict=False))
    dirt = (Contaminated("label", 0.4, 0.5, others),)
    text = paragraph(made(dict.fromkeys(NAMES[: len(words)], "equivalent"), contaminated=dirt))
    _, _, said = text.partition("With 40 % of the training labels wrong, ")
    better = said.partition(" better")[0] if " better" in said else ""
    worse = said.removeprefix(better).partition(" worse")[0] if " worse" in said else ""
    for side, part in ((BETTER, better), (WORSE, worse)):
        told = {loss for loss, verdict, _ in others if verdict in side}
        assert set(re.findall(r"\bloss[a-j]\b", part)) == told
    assert ("no loss can be told apart from ref" in said) == (not set(words) & set(APART))


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("binary", "With 40 % of the positive training rows labelled negative, no loss"),
        ("multiclass", "With 40 % of the training labels taken for the next class, no loss"),
    ],
)
def test_of_two_classes_one_is_mislabelled(task: Task, said: str) -> None:
    """Labels wrong by class are all taken for the next class, but of two classes negative ones stay."""
    dirt = (Contaminated("label_by_class", 0.4, 0.5, ((NAMES[0], "inconclusive", 0.75),)),)
    assert said in paragraph(replace(made({NAMES[0]: "equivalent"}, contaminated=dirt), task=task))


@given(counts=st.lists(st.integers(0, 4), min_size=2, max_size=4))
def test_the_share_that_tells_most_losses_apart_is_shown(counts: list[int]) -> None:
    """Of equal ones it is the smallest; the largest share is told as well, and silence is of all shares."""
    words = [["better"] * told + ["inconclusive"] * (4 - told) for told in counts]
    dirt = tuple(
        Contaminated(
            "label",
            (place + 1) / 10,
            0.5,
            tuple((loss, word, 0.75) for loss, word in zip(NAMES, said, strict=False)),
        )
        for place, said in enumerate(words)
    )
    text = paragraph(made(dict.fromkeys(NAMES[:4], "equivalent"), contaminated=dirt))
    shares = [int(share) for share in re.findall(r"(\d+) %", text.partition("ref (within")[2])]
    telling, largest = 10 * (counts.index(max(counts)) + 1), 10 * len(counts)
    assert shares == ([telling] if telling == largest else [telling, largest] if max(counts) else [largest])
    assert ("up to" in text) == (max(counts) == 0)


def test_tuned_losses_have_their_step_sizes_and_where_views_disagree() -> None:
    """Those that can be recommended are named with their rates."""
    rates = (("ref", 0.01), ("mse", 0.1), ("mae", 0.3))
    one = made(
        {"mse": "equivalent", "mae": "worse"}, view="tuned", rates=rates, disagree=(("mae", 0.01, "better"),)
    )
    text = paragraph(one)
    assert "Step sizes: 0.01 for ref; 0.1 for mse." in text
    assert text.endswith("With one step size for all losses the verdict differs: mae is better at lr 0.01.")
