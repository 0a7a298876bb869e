"""Pairs say who can be told from whom, fairly where trainings were lost, and letters say it in one column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations, islice

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.stats.estimate import ALPHA
from lossbench.stats.families import gatekept
from lossbench.stats.findings import Findings
from lossbench.stats.groups import comparison_groups
from lossbench.stats.paired import paired_test, shared_rows
from lossbench.stats.pairs import BEST, alphabet, compare_pairs, difference_columns, letters, shared_letters
from lossbench.stats.verdicts import BETTER, WORSE, fair

from .runs import clean, with_failed
from .synthetic import MANY, learnt, over, score_tables, table

few = settings(max_examples=settings.default.max_examples // 10, deadline=None)
Scores = Mapping[str, np.ndarray]
OPPOSITE = dict(zip(BETTER + WORSE, WORSE + BETTER, strict=True))


@few
@given(scores=score_tables(("bce", "mse")))
def test_a_pair_turned_round_says_the_opposite(scores: Scores) -> None:
    """Swapping two losses negates the difference, mirrors its interval and turns better into worse."""
    (pair,) = Findings(table(scores)).comparisons.itertuples()
    (turned,) = Findings(table({name: scores[name] for name in ("mse", "bce")})).comparisons.itertuples()
    assert (turned.first, turned.second, turned.n) == (pair.second, pair.first, pair.n)
    mirrored = [-pair.difference, -pair.difference_high, -pair.difference_low, -pair.effect_size, pair.p_value]
    found = [turned.difference, turned.difference_low, turned.difference_high, turned.effect_size, turned.p_value]
    np.testing.assert_array_equal(found, mirrored)
    assert turned.verdict == OPPOSITE.get(pair.verdict, pair.verdict)
    mirrored = [pair.p_better, pair.p_equal, pair.p_worse, 1 - pair.beats, 1 - pair.beats_high, 1 - pair.beats_low]
    found = [turned.p_worse, turned.p_equal, turned.p_better, turned.beats, turned.beats_low, turned.beats_high]
    np.testing.assert_allclose(found, mirrored, atol=1e-12)


@few
@given(scores=score_tables())
def test_the_family_is_all_that_is_shown_and_pairs_with_the_reference_come_first(scores: Scores) -> None:
    """No corrected p value is below its raw one, nor those of the reference above their number times it."""
    pairs = Findings(table(scores)).comparisons.dropna(subset="p_value")
    primary = (pairs["first"] == "bce").to_numpy()
    np.testing.assert_array_equal(pairs.p_holm, gatekept(pairs.p_value.to_numpy(), primary))
    assert (pairs.p_holm >= pairs.p_value).all()
    assert (pairs.p_holm <= primary.sum() * pairs.p_value + 1e-12)[primary].all()


@few
@given(score_tables(), st.sampled_from([1.0, 3.0]), st.sampled_from([None, 0.05]))
def test_a_pair_has_the_figures_of_its_paired_test(scores: Scores, looks: float, margin: float | None) -> None:
    """Second loss minus first, at the level that so many looks leave; what diverged has the constant's score.

    The pairs with the reference, and the others, are each corrected for those that could be tested.
    """
    (group,) = comparison_groups(table(scores))
    found = difference_columns(replace(group, correction=looks), {"accuracy": margin} if margin else {})
    for index, (one, other) in enumerate(combinations(group.losses, 2)):
        differences = (learnt(scores[other]) - learnt(scores[one]))[:, 0]
        test = paired_test(differences, shared_rows("resplit", 32, 96), rows=32)
        interval = test.estimate.interval(1.0 - ALPHA / looks)
        won = np.where(np.isnan(differences), np.nan, (differences > 0) + (differences == 0) / 2)
        beats = np.mean(won[~np.isnan(won)]) if interval.n else np.nan
        posterior = test.estimate.posterior(margin or 0.0)
        wanted = [interval.mean, interval.low, interval.high, interval.n, beats, *posterior]
        wanted += [test.effect_size, test.p_value]
        names = ("difference", "difference_low", "difference_high", "n", "beats", "p_worse", "p_equal", "p_better")
        names += ("effect_size", "p_value")
        np.testing.assert_allclose([found[name][index] for name in names], wanted, atol=1e-12)
    primary, tested = np.array([True, True, False]), ~np.isnan(found["p_value"])
    np.testing.assert_allclose(found["p_holm"], np.minimum(looks * gatekept(found["p_value"], primary), 1.0))
    family = np.where(primary, tested[:2].sum(), tested[2:].sum()).clip(min=1)
    np.testing.assert_allclose(found["smallest_p"], np.minimum(looks * family * 2.0 / 2.0 ** found["n"], 1.0))


levels = st.lists(st.integers(0, 4), min_size=2, max_size=6)


def on_levels(where: list[int], seed: int) -> dict[str, np.ndarray]:
    """Return scores of losses that stand on steps, close together or apart, with a little noise."""
    noise = np.random.default_rng(seed).normal(scale=0.01, size=(len(where), 8, 1))
    return {f"loss{index}": 0.5 + 0.02 * level + noise[index] for index, level in enumerate(where)}


def lettered(trials: pd.DataFrame) -> dict[str, str]:
    """Return the letters of each loss of the only comparison group."""
    (group,) = comparison_groups(trials)
    return dict(
        zip(group.losses, shared_letters(group, Findings(trials).comparisons.verdict.tolist()), strict=True)
    )


@few
@given(where=levels, seed=st.integers(0, 100))
def test_losses_share_a_letter_where_no_verdict_parts_them(where: list[int], seed: int) -> None:
    """Two losses have a letter in common if and only if the table of pairs calls neither better than the other."""
    trials = table(on_levels(where, seed), shares=[0.0], **MANY)
    shown = lettered(trials)
    for pair in Findings(trials).comparisons.itertuples():
        told_apart = pair.verdict in OPPOSITE
        assert bool(set(shown[pair.first]) & set(shown[pair.second])) is not told_apart


@few
@given(where=levels, seed=st.integers(0, 100))
def test_the_best_mean_has_an_a(where: list[int], seed: int) -> None:
    """Letters fall with the mean, and in an error the smallest is the best."""
    scores = on_levels(where, seed)
    best = max(scores, key=lambda loss: scores[loss].mean())
    trials = table(scores, shares=[0.0], **MANY)
    for judged in (trials, trials.assign(brier=1 - trials.accuracy, score="brier")):
        assert lettered(judged)[best].startswith("a")


@few
@given(where=levels, seed=st.integers(0, 100), best=st.integers(0, 6))
def test_pairs_that_are_kept_say_what_they_said_among_all(where: list[int], seed: int, best: int) -> None:
    """Kept are those with the first loss, and those among the best; no figure of theirs depends on who is kept."""
    findings = Findings(table(on_levels(where, seed), shares=[0.0], **MANY))
    means = findings.summary.set_index("loss")["mean"]
    among = set(means.sort_values(ascending=False).index[:best])
    wanted = [pair.first == "loss0" or {pair.first, pair.second} <= among for pair in findings.pairs.itertuples()]
    kept = compare_pairs(findings.judged, best)
    pd.testing.assert_frame_equal(kept, findings.pairs[wanted].reset_index(drop=True), check_dtype=False)


def test_the_table_of_pairs_grows_with_the_number_of_losses_and_not_its_square() -> None:
    """All pairs of up to so many losses have a row; of more, no more have one, and those with the first."""
    rows = [len(Findings(over(1, losses, seeds=2)).comparisons) for losses in (BEST, BEST + 1, BEST + 20)]
    assert rows[0] == BEST * (BEST - 1) / 2
    for number, count in zip((BEST + 1, BEST + 20), rows[1:], strict=True):
        assert rows[0] + number - BEST <= count <= rows[0] + number - 1


def test_a_loss_that_diverged_has_no_letter() -> None:
    """Seeds that are left do not speak for the loss, and the letters of the others are as they were."""
    scores = on_levels([4, 0, 4], seed=1)
    assert list(lettered(table(scores, shares=[0.0], **MANY)).values()) == ["a", "b", "a"]
    scores["loss2"][3] = np.nan
    assert list(lettered(table(scores, shares=[0.0], **MANY)).values()) == ["a", "b", ""]


def test_rates_do_not_share_a_family() -> None:
    """Each rate is a table of its own, and its pairs are as if the other rate had never been tried."""
    one, other = (table(on_levels([0, 1, 2], seed), shares=[0.0], lr=lr) for seed, lr in ((1, 0.1), (2, 0.01)))
    both = Findings(pd.concat([one, other], ignore_index=True)).comparisons
    pd.testing.assert_frame_equal(both[both.lr == 0.1], Findings(one).comparisons)


WORDS = [*OPPOSITE, "equivalent", "inconclusive"]
NOISE = np.random.default_rng(0).normal(scale=0.004, size=(2, 8))
NOISE -= NOISE.mean(axis=1, keepdims=True)  # so that the gap is all that the means differ by


def two(gap: float) -> dict[str, np.ndarray]:
    """Return scores of two losses, the second greater by a gap, over eight seeds."""
    return {"bce": 0.6 + NOISE[0], "mse": 0.6 + gap + NOISE[1]}


def verdict(trials: pd.DataFrame) -> tuple[str, str]:
    """Return the verdict on the second loss, from the summary and from the table of pairs."""
    trials = trials.assign(**MANY)
    return Findings(trials).summary.verdict[1], Findings(trials).comparisons.verdict[0]


def without(scores: dict[str, np.ndarray], seeds: int, *losses: str) -> pd.DataFrame:
    """Return the trials, of which some of a loss diverged."""
    gone = np.arange(8) < seeds
    return clean({name: np.where(gone & (name in losses), np.nan, values) for name, values in scores.items()})


@given(st.sampled_from(WORDS), st.booleans(), st.booleans())
def test_a_verdict_turned_round_is_the_opposite(word: str, first: bool, second: bool) -> None:
    """What may be said of the second loss against the first may be said of the first against the second."""
    turned = fair(np.array([OPPOSITE.get(word, word)]), np.array([second]), np.array([first]))[0]
    found = fair(np.array([word]), np.array([first]), np.array([second]))[0]
    assert turned == OPPOSITE.get(found, found)
    assert found in (word, "inconclusive")


@pytest.mark.parametrize("gap", [-0.1, 0.0, 0.1])
def test_without_losses_of_trainings_a_verdict_stands(gap: float) -> None:
    """Where all trainings ended well, the verdict is that of the test."""
    word = {-0.1: "worse", 0.0: "equivalent", 0.1: "better"}[gap]
    assert verdict(clean(two(gap))) == (word, word)


@pytest.mark.parametrize("seeds", range(1, 9))
@pytest.mark.parametrize("gap", [-0.1, 0.0, 0.1])
def test_a_loss_that_diverged_is_never_better_nor_equivalent(gap: float, seeds: int) -> None:
    """However well it did on the seeds that are left; where nearly all diverged, it is worse."""
    first, second = verdict(without(two(gap), seeds, "mse"))
    assert first == second
    assert first in (("worse",) if seeds > 6 else ("worse", "inconclusive"))


@pytest.mark.parametrize("seeds", range(1, 9))
def test_a_loss_is_not_better_for_having_diverged(seeds: int) -> None:
    """Where the constant answer beats what the others learn, nothing is said in favour of what diverged."""
    assert verdict(without({"bce": 0.1 + NOISE[0], "mse": 0.1 + NOISE[1]}, seeds, "mse"))[0] == "inconclusive"


@pytest.mark.parametrize("gap", [-0.1, 0.0, 0.1])
def test_no_loss_is_worse_than_a_reference_that_diverged(gap: float) -> None:
    """A loss can be better than a reference that has lost seeds, and nothing else."""
    assert verdict(without(two(gap), 2, "bce"))[0] in ("better", "inconclusive")
    assert verdict(without(two(gap), 7, "bce")) == ("better", "better")
    assert verdict(without(two(gap), 2, "bce", "mse")) == ("inconclusive", "inconclusive")


def test_a_loss_that_failed_is_treated_alike() -> None:
    """A training that failed is lost as one that diverged is."""
    trials = clean(two(0.1))
    failed = with_failed(trials, "mse")
    assert verdict(trials) == ("better", "better")
    assert verdict(trials.where(trials.seed > 1, failed).astype(trials.dtypes)) == ("inconclusive", "inconclusive")


@settings(deadline=None, max_examples=10)
@given(scores=score_tables())
def test_more_seeds_do_not_decide_what_was_lost(scores: dict[str, np.ndarray]) -> None:
    """Where the verdict is open and trainings were lost, no number of seeds is promised."""
    summary = Findings(table(scores)).summary
    lost = (summary.diverged + summary.failed > 0).to_numpy()
    still_open = (summary.verdict == "inconclusive").to_numpy() & (lost | lost[0])
    assert summary.more_seeds[still_open].isna().all()


def test_a_loss_that_got_there_and_diverged_is_not_faster() -> None:
    """The target was reached before the training diverged: that is no speed to be praised."""
    trials = clean({"bce": np.full(8, 0.75), "mse": np.array([1.0, 0.95] * 4)})
    assert Findings(trials).summary.epochs_to_target_verdict[1] == "faster"
    gone = (trials.loss == "mse") & (trials.seed == 3)
    assert Findings(trials.assign(status=trials.status.mask(gone, "diverged"))).summary.epochs_to_target_verdict[
        1
    ] == ("inconclusive")


many = settings(max_examples=25, deadline=None)
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


def test_pairs_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Summary, pairs, ranks and profiles are made of the same judgements."""
    judged = []
    monkeypatch.setattr(
        "lossbench.stats.pairs.difference_columns",
        lambda group, margins: judged.append(group.dataset) or difference_columns(group, margins),
    )
    findings = Findings(over(3, 2))
    for name in ("summary", "comparisons", "ranks", "profiles"):
        assert len(getattr(findings, name))
    assert judged == ["set0", "set1", "set2"]
