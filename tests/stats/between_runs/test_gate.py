"""A gate fails exactly where a result moved for the worse beyond what is tolerated, or where one is gone."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.errors import BadValue, UnknownName
from lossbench.plan.gate import OUTCOMES, Policies, judged_rules, parse_rules
from lossbench.plan.settings import make_settings
from lossbench.schema import SCORES, TIMES, greater_is_better
from lossbench.stats.between_runs.gate import GateReport, Unchecked, gate, refuse_judged_apart, refuse_unscored
from stats.runs import clean, finished, moved, with_failed
from stats.synthetic import score_tables

few = settings(max_examples=5, deadline=None)
tolerances = st.floats(0, 10, allow_subnormal=False)
SEEDS = 10


def run(losses: int = 3, seeds: int = SEEDS) -> pd.DataFrame:
    """Return a run where every score of every task has a value: from 0.5 to 0.9, and times from 5 to 15."""
    random = np.random.default_rng(0)
    trials = clean({f"loss{index}": random.uniform(0.5, 0.7, seeds) for index in range(losses)})
    for name in SCORES:
        times = random.integers(5, 15, len(trials))
        trials[name] = pd.array(times, dtype="Int64") if name in TIMES else random.uniform(0.5, 0.9, len(trials))
    return trials.assign(converged=pd.array([True] * len(trials), dtype="boolean"))


def findings(report: GateReport) -> dict[str, int]:
    """Return how many checks found what."""
    return dict(Counter(check.finding for check in report.checks))


def worse(score: str, size: float) -> float:
    """Return a change of this size in the bad direction."""
    return -size if greater_is_better(score) else size


@few
@given(scores=score_tables(), tolerance=tolerances, relative=st.booleans())
def test_a_run_is_never_worse_than_itself(scores: dict[str, np.ndarray], tolerance: float, relative: bool) -> None:
    """The same run against itself passes every check at any tolerance, and nothing is undecided."""
    trials = finished(scores)
    amounts = [f"{'-' if greater_is_better(name) else '+'}{tolerance}" for name in ("accuracy", *TIMES)]
    rules = [f"{name}:{amount}" for name, amount in zip(("accuracy", *TIMES), amounts, strict=True)]
    defined = rules if trials.accuracy.notna().any() else rules[1:]
    report = gate(trials, trials, parse_rules(f"{rule}%" if relative else rule for rule in defined))
    assert not report.failed
    assert set(findings(report)) == {"unchanged"}


@pytest.mark.parametrize(("size", "finding"), [(3, "worse"), (1, "within"), (-3, "improved")])
def test_a_fall_fails_beyond_the_tolerance_and_only_there(size: float, finding: str) -> None:
    """By each score's own direction: 3 worse at a tolerance of 2 fails; 1 worse does not; 3 better never does."""
    units = {score: 1 if score in TIMES else 0.01 for score in SCORES}
    before = after = run()
    for score, unit in units.items():
        after = moved(after, score, worse(score, size * unit), "loss1")
    rules = [f"{score}:{'-' if greater_is_better(score) else '+'}{2 * unit}" for score, unit in units.items()]
    report = gate(after, before, parse_rules(rules))
    found = {(check.subject.partition(":")[0], check.place["loss"]): check.finding for check in report.checks}
    assert {score: found[score, "loss1"] for score in SCORES} == dict.fromkeys(SCORES, finding)
    assert findings(report) == {"unchanged": 2 * len(SCORES), finding: len(SCORES)}
    assert report.failed is (finding == "worse")


@pytest.mark.parametrize("tolerance", [0.1, 0.02, 0.3])
def test_a_fall_of_just_the_tolerance_is_tolerated(tolerance: float) -> None:
    """What rounding adds to a mean does not turn a tolerated fall into a failure."""
    before = run()
    report = gate(moved(before, "f1", -tolerance), before, parse_rules([f"f1:-{tolerance}"]))
    assert findings(report) == {"within": 3}


@pytest.mark.parametrize(("rise", "finding"), [(3e-12, "worse"), (2e-12, "within"), (1e-12, "within")])
def test_a_tolerance_may_be_in_any_unit(rise: float, finding: str) -> None:
    """Of errors near 1e-11, a rise beyond the tolerance fails, however small it is."""
    before = run().assign(mae=lambda trials: trials.mae * 1e-11)
    report = gate(moved(before, "mae", rise), before, parse_rules(["mae:+2e-12"]))
    assert findings(report) == {finding: 3}


@few
@given(seed=st.integers(0, 1000), low=tolerances, high=tolerances)
def test_a_wider_tolerance_never_fails_more(seed: int, low: float, high: float) -> None:
    """What passes at a tolerance passes at any larger one."""
    before = run()
    by = np.random.default_rng(seed).normal(-0.5, 1, len(before))
    after = moved(before, "f1", by)
    narrow, wide = (
        gate(after, before, parse_rules([f"f1:-{size}"])).checks for size in (min(low, high), max(low, high))
    )
    for one, other in zip(narrow, wide, strict=True):
        assert OUTCOMES.index(other.outcome) <= OUTCOMES.index(one.outcome)


@few
@given(order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(order) -> None:
    """Both runs shuffled: the same findings about the same losses."""
    before = run()
    after = moved(before, "f1", -0.1, "loss2")
    rows = list(range(len(before)))
    order.shuffle(rows)
    rules = parse_rules(["f1:-0.02", "epochs_to_target:+20%"])
    straight, shuffled = gate(after, before, rules), gate(after.iloc[rows], before.iloc[rows[::-1]], rules)
    assert {(check.place["loss"], check.subject): check.finding for check in straight.checks} == {
        (check.place["loss"], check.subject): check.finding for check in shuffled.checks
    }


def test_a_share_is_of_the_baselines_mean() -> None:
    """A rule of 10 % is the rule of a tenth of the mean that the loss had."""
    before = run(1)
    mean = before.mae.mean()
    for size, failed in ((0.11, True), (0.09, False)):
        after = moved(before, "mae", size * mean)
        assert gate(after, before, parse_rules(["mae:+10%"])).failed is failed
        assert gate(after, before, parse_rules([f"mae:+{mean / 10}"])).failed is failed


def test_a_target_that_is_no_longer_reached_counts_as_the_whole_run() -> None:
    """Seeds that got there in 5 epochs and now never do are not dropped: they took 20 at least."""
    before = clean({"bce": [0.9] * 10})
    after = clean({"bce": [0.9] * 4 + [0.5] * 6})
    (check,) = gate(after, before, parse_rules(["epochs_to_target:+20%"])).checks
    assert (check.finding, check.outcome) == ("worse", "fail")
    assert check.change.before == before.epochs_to_target.mean() == 6
    assert check.change.after == pytest.approx(0.4 * 6 + 0.6 * 20)


def test_noise_that_moves_nothing_seldom_fails() -> None:
    """Numbers drawn anew around the same mean fail one check in forty, even where nothing is tolerated."""
    random = np.random.default_rng(0)
    losses = [f"loss{index}" for index in range(200)]
    before, after = (clean({loss: random.normal(0.8, 0.05, SEEDS) for loss in losses}) for _ in range(2))
    found = findings(gate(after, before, parse_rules(["accuracy:-0"])))
    assert found["worse"] == pytest.approx(200 / 40, abs=3 * np.sqrt(200 / 40))
    assert found["undecided"] == pytest.approx(200 * (1 / 2 - 1 / 40), abs=3 * np.sqrt(200 / 4))


def test_a_fall_is_found_among_noise() -> None:
    """A fall beyond the tolerance by two standard deviations of a seed's difference fails nearly always."""
    random = np.random.default_rng(0)
    losses = [f"loss{index}" for index in range(100)]
    before = clean({loss: random.uniform(0.6, 0.8, SEEDS) for loss in losses})
    after = moved(before, "accuracy", random.normal(-0.06, 0.02, len(before)))
    assert findings(gate(after, before, parse_rules(["accuracy:-0.02"])))["worse"] > 97


@pytest.mark.parametrize("policy", OUTCOMES)
@pytest.mark.parametrize("fall", [0.05, 0.01])
def test_what_the_seeds_cannot_tell_is_undecided(policy: str, fall: float) -> None:
    """Changes that scatter around zero, whatever their mean, are no failure by default, else as a policy says."""
    before = run(1)
    after = moved(before, "f1", np.tile([0.3, -0.3], SEEDS // 2) - fall)
    rules = parse_rules(["f1:-0.02"])
    assert findings(gate(after, before, rules)) == {"undecided": 1}
    assert gate(after, before, rules).checks[0].outcome == "warn"
    assert gate(after, before, rules, Policies(undecided=policy)).checks[0].outcome == policy


@pytest.mark.parametrize("tolerance", [0.0, 0.02, 1.0])
def test_changes_that_cancel_out_are_no_fall(tolerance: float) -> None:
    """A mean that has not moved is tolerated, however far the seeds did, and whatever is tolerated."""
    before = run(1).assign(f1=0.5)
    after = moved(before, "f1", np.tile([0.25, -0.25], SEEDS // 2))
    assert findings(gate(after, before, parse_rules([f"f1:-{tolerance}"]))) == {"improved": 1}


@pytest.mark.parametrize("seeds", [1, 2, 5])
def test_with_few_seeds_the_means_decide(seeds: int) -> None:
    """Where no test could be significant, a fall beyond the tolerance fails and a smaller one does not."""
    before = run(1, seeds)
    scatter = np.linspace(-0.005, 0.005, seeds) if seeds > 1 else 0
    for by, finding in ((-0.1, "worse"), (-0.01, "within")):
        report = gate(moved(before, "f1", by + scatter), before, parse_rules(["f1:-0.02"]))
        assert findings(report) == {finding: 1}


@pytest.mark.parametrize(("finding", "default"), [("missing", "fail"), ("new", "pass"), ("incomparable", "fail")])
def test_rows_that_do_not_pair_follow_the_policies(finding: str, default: str) -> None:
    """Missing rows are no pass, new ones no failure, rows of another hash not comparable; a policy overrides."""
    before, after = run(2), run(2)
    if finding == "missing":
        after = after[after.loss != "loss1"]
    elif finding == "new":
        before = before[before.loss != "loss1"]
    else:
        after.loc[after.loss == "loss1", "split_hash"] = "other"
    rules = parse_rules(["f1:-0.02"])
    for policy, outcome in ((None, default), *((word, word) for word in OUTCOMES)):
        report = gate(after, before, rules, policy and Policies(**{finding: policy}))
        (check,) = (check for check in report.checks if check.subject == "rows")
        assert (check.finding, check.outcome, check.place["loss"]) == (finding, outcome, "loss1")
        assert check.hashes == (("split_hash",) if finding == "incomparable" else ())
        assert report.failed is (outcome == "fail")


def test_a_seed_that_is_missing_is_named_and_the_others_are_compared() -> None:
    """Part of the seeds gone: that fails, and the rule is judged on what is left."""
    before = run(1)
    rows, rule = gate(before[before.seed != 3], before, parse_rules(["f1:-0.02"])).checks
    assert (rows.finding, rows.seeds, rows.outcome) == ("missing", (3,), "fail")
    assert (rule.finding, rule.change.test.interval.n) == ("unchanged", SEEDS - 1)


def test_a_training_that_diverges_now_fails_without_any_rule() -> None:
    """A seed that ended well and does not any more is a failure; the reverse is none."""
    well, badly = clean({"bce": [0.5, 0.6, 0.7]}), clean({"bce": [0.5, np.nan, 0.7]})
    (check,) = gate(badly, well, ()).checks
    assert (check.subject, check.finding, check.outcome, check.seeds) == ("status", "failing", "fail", (1,))
    assert not gate(well, badly, parse_rules(["accuracy:-0"])).failed


def test_a_loss_that_fails_now_fails_the_gate() -> None:
    """A loss that raises fails, and its times are lost: they are not censored, and no tolerance is wide enough."""
    well = clean({"bce": [0.5, 0.6, 0.7], "mse": [0.8, 0.8, 0.8]})
    rules = parse_rules(["epochs_to_target:+900%", "epochs_to_plateau:+900%"])
    checks = [
        check for check in gate(with_failed(well, "mse"), well, rules).checks if check.place["loss"] == "mse"
    ]
    assert [(check.finding, check.outcome) for check in checks] == [("failing", "fail"), *[("lost", "fail")] * 2]
    assert not gate(well, with_failed(well, "mse"), rules).failed


def test_a_score_that_is_undefined_now_fails() -> None:
    """A value that the baseline has is not dropped from the mean: its loss is a failure at any tolerance."""
    before = run(1)
    after = moved(before, "f1", np.where(before.seed == 2, np.nan, 0.1))
    (check,) = gate(after, before, parse_rules(["f1:-10"])).checks
    assert (check.finding, check.outcome, check.seeds) == ("lost", "fail", (2,))
    (check,) = gate(before, after.assign(f1=np.nan), parse_rules(["f1:-10"])).checks
    assert (check.finding, check.outcome) == ("new", "pass")


def test_a_rule_for_a_score_that_the_baseline_does_not_know_is_refused() -> None:
    """Where trainings ended well and none has a value, nothing could be worse; a rule for other rows may stand."""
    baseline = run(1).assign(f1=np.nan)
    (loss,) = baseline.loss.unique()
    for scope in ({}, {"loss": loss}, {"dataset": "moons"}):
        with pytest.raises(BadValue, match=r"rule 'f1:-0.1': the baseline has no value for f1"):
            refuse_unscored(parse_rules(["f1:-0.1"], **scope), baseline)
    refuse_unscored(parse_rules(["f1:-0.1"], loss="another"), baseline)
    refuse_unscored(parse_rules(["accuracy:-0.1", "r2:-0.1"]), baseline)  # which no such task has


def test_the_usual_rules_hold_where_none_is_stated() -> None:
    """A data set has its judged score within its margin; with any rule that is stated, none of them holds."""
    before = run().assign(score="f1")
    usual = judged_rules({"moons": "f1"}, {"f1": 0.02})
    for by, failed in ((-0.03, True), (-0.01, False)):
        report = gate(moved(before, "f1", by), before, (), usual=usual)
        assert (report.failed, report.usual, report.unchecked, report.idle) == (failed, usual, (), False)
    report = gate(moved(before, "f1", -0.03), before, parse_rules(["mae:+0.1"]), usual=usual)
    assert (report.failed, report.usual, report.idle) == (False, (), False)
    assert report.unchecked == (Unchecked("moons", "f1", "rule"),)


@few
@given(by=st.lists(st.integers(-3, 3), min_size=SEEDS, max_size=SEEDS))
def test_without_a_margin_significance_alone_decides(by: list[int]) -> None:
    """A score for which none is declared fails exactly where it moved for the worse, significantly."""
    before = run(1).assign(score="log_loss")
    after = moved(before, "log_loss", 0.01 * np.array(by))
    report = gate(after, before, (), usual=judged_rules({"moons": "log_loss"}, {}))
    (check,) = report.checks
    assert report.failed is bool(check.change.test.interval.low > 0 and check.change.test.p_value < 0.05)


def test_a_rule_looks_at_a_data_set_where_it_applies() -> None:
    """A rule of one data set or loss checks that one; the others are named as not checked."""
    both = pd.concat([run(2).assign(dataset=name) for name in ("here", "there")], ignore_index=True)
    for scope, unchecked in (({}, []), ({"dataset": "here"}, ["there"]), ({"loss": "loss1"}, [])):
        report = gate(both, both, parse_rules(["accuracy:-0"], **scope))
        assert [one.dataset for one in report.unchecked] == unchecked
        assert not report.failed
    assert [one.dataset for one in gate(both, both, parse_rules(["f1:-0"])).unchecked] == ["here", "there"]


def test_no_baseline_yet_fails_nothing() -> None:
    """Without a baseline there are no checks, and the report says that there was none."""
    report = gate(run(), None, parse_rules(["f1:-0.02"]))
    assert (report.baseline, report.checks, report.failed, report.idle) == (False, (), False, False)


def test_another_machine_may_be_compared_and_is_said() -> None:
    """Rows of another fingerprint are compared; how many losses they are of is counted."""
    before = run()
    report = gate(before.assign(fingerprint="f1"), before, parse_rules(["f1:-0"]))
    assert findings(report) == {"unchanged": 3}
    assert report.elsewhere == 3
    assert gate(before, before, ()).elsewhere == 0


def test_a_rule_applies_where_its_score_is_defined() -> None:
    """A score that a data set does not have is not looked at there."""
    both = pd.concat([run(1).assign(dataset="here"), run(1).assign(dataset="there", r2=np.nan)], ignore_index=True)
    (check,) = gate(both, both, parse_rules(["r2:-0.02"])).checks
    assert check.place["dataset"] == "here"


def test_the_rule_that_says_more_wins() -> None:
    """A rule for a data set or a loss takes the place of the general one there, whatever their order."""
    before = run(2)
    after = moved(before, "f1", -0.1)
    for overrides, failing in (
        ((), ["loss0", "loss1"]),
        (parse_rules(["f1:-0.5"], loss="loss1"), ["loss0"]),
        (parse_rules(["f1:-0.5"], dataset="moons"), []),
        ((*parse_rules(["f1:-0.5"], "moons"), *parse_rules(["f1:-0.01"], "moons", "loss0")), ["loss0"]),
    ):
        general = parse_rules(["f1:-0.02"])
        for rules in ((*general, *overrides), (*overrides, *general)):
            report = gate(after, before, rules)
            assert [check.place["loss"] for check in report.checks if check.outcome == "fail"] == failing


@given(
    score=st.sampled_from(SCORES), tolerance=st.integers(0, 10**4).map(lambda i: i / 100), relative=st.booleans()
)
@few
def test_a_rule_reads_back_as_itself(score: str, tolerance: float, relative: bool) -> None:
    """What a rule prints as is how it is written."""
    sign = "-" if greater_is_better(score) else "+"
    (rule,) = parse_rules([f"{score}:{sign}{tolerance}{'%' if relative else ''}"])
    assert parse_rules([str(rule)]) == (rule,)
    assert rule.allowance(-2.0) == pytest.approx(tolerance / 50 if relative else tolerance)


@pytest.mark.parametrize(
    ("rule", "error", "words"),
    [
        ("f2:-0.02", UnknownName, "rule 'f2:-0.02': unknown score 'f2'; did you mean 'r2'? Known: accuracy, f1, "),
        ("f1:0.02", BadValue, "for f1 higher is better, so a rule tolerates a fall; write f1:-0.02"),
        ("f1:+2%", BadValue, "for f1 higher is better, so a rule tolerates a fall; write f1:-2%"),
        ("mae_at_best:-1", BadValue, "for mae_at_best lower is better, so a rule tolerates a rise; write"),
        ("epochs_to_target:-20%", BadValue, "a rule tolerates a rise; write epochs_to_target:+20%"),
        ("f1", BadValue, "'' is no amount; write f1:-0.02, or f1:-5%"),
        ("f1:-", BadValue, "'-' is no amount"),
        ("f1:-x%", BadValue, "'-x%' is no amount"),
        ("f1:-inf", BadValue, "'-inf' is no amount"),
        ("rmse:nan", BadValue, "'nan' is no amount; write rmse:+0.02, or rmse:+5%"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(rule: str, error: type[Exception], words: str) -> None:
    """An unknown score, no number, or the sign of an improvement: the message says what to write."""
    with pytest.raises(error) as caught:
        parse_rules([rule])
    assert words in str(caught.value)
    assert rule in str(caught.value)


def test_a_rule_that_looks_at_nothing_is_refused() -> None:
    """A score without values, a data set or loss that is not there, two rules for one thing: all are refused."""
    trials = run(1).assign(r2=np.nan)
    for rules, words in (
        (parse_rules(["r2:-0.1"]), "no row has a value for r2"),
        (parse_rules(["f1:-0.1"], dataset="mons"), "unknown data set 'mons'; did you mean 'moons'"),
        (parse_rules(["f1:-0.1"], loss="los0"), "unknown loss 'los0'; did you mean 'loss0'"),
        (parse_rules(["f1:-0.1", "f1:-5%"]), "there are two rules for f1; keep one"),
    ):
        with pytest.raises((BadValue, UnknownName), match=words):
            gate(trials, trials, rules)


@pytest.mark.parametrize("name", [field.name for field in fields(Policies)])
def test_a_policy_is_one_of_three_words(name: str) -> None:
    """Any other word is refused with the ones that there are."""
    with pytest.raises(UnknownName, match=f"^gate.{name}: unknown value 'ignore'.*Known: pass, warn, fail"):
        make_settings(gate={name: "ignore"})


def test_a_rule_for_times_of_a_baseline_that_is_judged_apart_is_refused() -> None:
    """Where the same is judged it stands, as does one for another data set, or for a score of the last epoch."""
    baseline = run(1)
    for judged in ({"moons": "accuracy"}, {"iris": "brier"}):
        refuse_judged_apart(parse_rules(["epochs_to_target:+20%"]), baseline, judged)
    refuse_judged_apart(parse_rules(["f1:-0.1"]), baseline, {"moons": "brier"})
    refuse_judged_apart(parse_rules(["f1_at_best:-0.1"], dataset="iris"), baseline, {"moons": "brier"})
    with pytest.raises(BadValue, match=r"rule 'f1_at_best:-0\.1': moons is judged by accuracy .* by brier"):
        refuse_judged_apart(parse_rules(["f1_at_best:-0.1"]), baseline, {"moons": "brier"})
