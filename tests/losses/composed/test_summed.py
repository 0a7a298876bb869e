"""Sums of losses: how they are written, and what they are made of."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lossbench.errors import LossDoesNotFit, LossFailed, UnknownName, UsageError
from lossbench.losses import catalogue, get_loss
from lossbench.losses.composed.grammar import Term, terms_of
from lossbench.losses.composed.inside import losses_in
from lossbench.losses.composed.record import part_names
from lossbench.losses.record import LossRecord
from lossbench.losses.registry import losses_of, served
from lossbench.plan.grids import has_grid, make_grid
from lossbench.run.provenance import source_digest
from lossbench.spec import split_list, split_spec
from lossbench.task import Task
from losses.cases import case_of, close

NAMES = st.sampled_from([record.name for record in catalogue()])
SPECS = st.sampled_from(
    [
        "huber",
        "huber:delta=2",
        "my+losses (1)/a*b.py:f:alpha=2",
        "torch.nn:CrossEntropyLoss:weight=[1,2]:reduction=none",
    ]
)
WEIGHTS = st.one_of(st.floats(1e-30, 1e30), st.sampled_from(["w", "w_dice", "alpha2"]))


@given(st.lists(st.tuples(NAMES, WEIGHTS), min_size=2, max_size=4), st.sampled_from(["", " "]))
def test_what_is_written_is_read(terms: list[tuple[str, float | str]], blank: str) -> None:
    """Weights in any form of a number, exponents with a sign too, and blanks around the marks."""
    written = f"{blank}+{blank}".join(f"{weight}{blank}*{blank}{name}" for name, weight in terms)
    assert terms_of(f"sum:{written}") == tuple(Term(name, weight) for name, weight in terms)


@given(st.lists(st.tuples(SPECS, WEIGHTS), min_size=2, max_size=4), st.sampled_from(["", " "]))
def test_what_stands_in_parentheses_is_a_spec(terms: list[tuple[str, float | str]], blank: str) -> None:
    """Whatever marks are in it; behind the sum stand its parameters, and commas part sums."""
    written = f"{blank}+{blank}".join(f"{weight}{blank}*{blank}({spec})" for spec, weight in terms)
    assert terms_of(f"sum:{written}") == tuple(Term(spec, weight) for spec, weight in terms)
    assert split_spec(f"sum:{written}:w=2") == (f"sum:{written}", {"w": "2"})
    assert split_list(f"mse,sum:{written}:w=2,mae") == ["mse", f"sum:{written}:w=2", "mae"]
    assert losses_in(f"scaled:factor=2:loss=sum:{written}:w=2") == tuple(spec for spec, _ in terms)


def pairs(task: Task) -> list[tuple[LossRecord, LossRecord]]:
    """Each loss of a task beside the next one with which it agrees."""
    records = [record for record in losses_of(task) if not record.headless]
    found = []
    for first in records:
        others = [
            other for other in records if other is not first and task in served(f"sum:{first.name}+{other.name}")
        ]
        found += [(first, other) for other in others[:1]]
    return found


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass", "multilabel", "segmentation"])
def test_a_sum_is_the_sum_of_its_losses(task: Task) -> None:
    """On the same raw outputs; a value a sample, or where one has none, of the batch."""
    made = pairs(task)
    assert made
    for first, second in made:
        loss = get_loss(f"sum:{first.name}+0.3*{second.name}", task)
        one, other = get_loss(first.name, task), get_loss(second.name, task)
        raw, target = case_of(one).draw(3, 7)
        prior = {"prior": torch.full((1, raw.shape[-1]), 0.4, dtype=raw.dtype)}
        values = [part.per_sample(raw, target, **(prior if part.record.prior else {})) for part in (one, other)]
        whole = [part.record.whole_batch for part in (one, other)]
        if any(whole):
            values = [value if of else value.mean(-1) for value, of in zip(values, whole, strict=True)]
        found = loss.per_sample(raw, target, **(prior if loss.record.prior else {}))
        close(found, values[0] + 0.3 * values[1])
        assert (loss.link, loss.record.whole_batch) == (one.link, any(whole))


def test_weights_and_parameters_are_parameters_of_the_sum() -> None:
    """A weight with a name is one, and those of the losses are, with their place where two have one name."""
    loss = get_loss("sum:huber+w*huber+pinball:delta_2=3:w=0.5:tau=0.9", "regression")
    assert dict(loss.parameters) == {"w": 0.5, "delta_1": 1.0, "delta_2": 3.0, "tau": 0.9}
    raw, target = torch.tensor([[2.0], [-4.0]]), torch.zeros(2, 1)
    parts = [("huber", 1.0), ("huber:delta=3", 0.5), ("pinball:tau=0.9", 1.0)]
    wanted = sum(weight * get_loss(spec, "regression")(raw, target) for spec, weight in parts)
    torch.testing.assert_close(loss(raw, target), wanted)
    assert loss.label == "sum:huber+w*huber+pinball:w=0.5:delta_1=1:delta_2=3:tau=0.9"


def test_a_weight_is_tuned_like_a_parameter() -> None:
    """As a range in equal ratios, or as values; a parameter of a loss in it likewise."""
    assert has_grid("sum:bce+w*dice:w=0.1..10")
    assert [member.rpartition("=")[2] for member in make_grid("sum:bce+w*dice:w=0.1..10").members][::3] == [
        *("0.1", "1", "10")
    ]
    assert make_grid("sum:mse+huber:delta=1|2").members == ("sum:mse+huber:delta=1", "sum:mse+huber:delta=2")
    with pytest.raises(UsageError, match=r"unknown parameter 'v'.*Known: w"):
        make_grid("sum:bce+w*mse:v=0.1..10")


@pytest.mark.parametrize(
    ("spec", "task", "said"),
    [
        ("sum:bce", "binary", "a sum has two terms or more"),
        ("sum:bce+", "binary", "a sum has two terms or more"),
        ("sum:bce+0*dice", "binary", "'0\\*dice' is no term"),
        ("sum:bce+-1*dice", "binary", "'-1\\*dice' is no term"),
        ("sum:bce+2*", "binary", "'2\\*' is no term"),
        ("sum:bce+none.py:f", "binary", "'sum:bce\\+none.py:f': no file .*none.py"),
        ("sum:bce+dicee", "binary", "'sum:bce\\+dicee': unknown loss 'dicee'; did you mean 'dice'"),
        ("sum:bce+(dice", "binary", "'\\(dice' is no loss in parentheses"),
        ("sum:bce+(dice))", "binary", "'\\(dice\\)\\)' is no loss in parentheses"),
        ("sum:bce+2*()", "binary", "'' cannot stand in a sum"),
        ("sum:bce+(sum:bce+mse)", "binary", "'sum:bce\\+mse' cannot stand in a sum; write its losses as terms"),
        ("sum:bce+(scaled:factor=2)", "binary", "'scaled:factor=2' cannot stand in a sum"),
        ("sum:bce+(mse:@label=x)", "binary", "a label is of the whole sum; write it behind, :@label=x"),
        ("sum:bce+(focal:gamma=1|2)", "binary", "what is tuned stands behind the sum"),
        ("sum:bce+(focal:delta=1)", "binary", "unknown parameter 'delta'.*Known: gamma"),
        ("sum:bce+(focal:gamma=-1)", "binary", "gamma=-1 is out of range"),
        (
            "sum:bce+(focal:gamma=1):delta=1",
            "binary",
            "Known: gamma, .*what belongs to one loss alone stands with it",
        ),
        ("sum:huber:delta=2+mse", "regression", "what is of one loss alone in parentheses"),
        ("sum:bce+torch.nn:L1Loss", None, "state the task it is for"),
        ("sum:huber+torch.nn:L1Loss", "binary", "of 'huber' in it: it serves regression"),
        ("sum:hinge+torch.nn:L1Loss", "binary", "say of yours what it reads, in parentheses"),
        ("sum:bce+torch.nn:L1Loss:@link=margin", "binary", "unknown statement '@link'"),
        ("sum:huber+delta*mse", "regression", "'delta' is also what a loss in it has"),
        (
            "sum:bce+hinge",
            "binary",
            "read the raw outputs differently \\(link: bce has sigmoid, hinge has margin\\)",
        ),
        ("sum:bce+huber", "binary", "'huber' in it serves regression"),
        ("sum:bce+dice:w=2", "binary", "unknown parameter 'w'"),
        ("sum:bce+huber", None, "fits no task"),
        ("sum:bce+mse", None, "serves several tasks"),
    ],
)
def test_a_sum_that_is_none_is_refused(spec: str, task: Task | None, said: str) -> None:
    """One message says which part, and why."""
    with pytest.raises(UsageError, match=said):
        get_loss(spec, task)


def test_losses_that_differ_in_link_do_not_fit() -> None:
    """It is the loss that does not fit, so that it is skipped where another data set takes it."""
    with pytest.raises(LossDoesNotFit):
        get_loss("sum:bce+hinge", "binary")
    with pytest.raises(UnknownName):
        get_loss("sum:bce+nothing", "binary")


def test_a_sum_travels_and_has_a_hash_of_its_own() -> None:
    """To another process and back it is the same loss; other weights, losses or parameters make others."""
    loss = get_loss("sum:bce+w*dice:w=2", "segmentation")
    assert pickle.loads(pickle.dumps(loss)) == loss
    specs = ("sum:bce+w*dice:w=2", "sum:bce+w*dice", "sum:bce+2*dice", "sum:bce+w*jaccard", "bce", "bce_dice")
    assert len({source_digest(get_loss(spec, "segmentation")) for spec in specs}) == len(specs)


def test_a_sum_of_bce_and_dice_is_that_of_the_catalogue() -> None:
    """Where the catalogue has a sum too, it is the same function."""
    theirs = get_loss("bce_dice:weight=0.3", "segmentation")
    raw, target = case_of(theirs).draw(3, 7)
    close(get_loss("sum:bce+0.3*dice", "segmentation")(raw, target), theirs(raw, target))


MINE = """
def mine(raw, target, *, alpha=2.0):
    return (raw - target).abs().pow(alpha).mean(-1)


def of_batch(prediction, target, power=2):
    return (prediction - target).abs().pow(power).mean()


class Counting:
    calls = 0

    def __call__(self, prediction, target):
        self.calls += 1
        return (prediction - target).abs().mean() * self.calls


counting = Counting()
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write losses of the user's own into a file in the current folder."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    return file


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(
    ("own", "known"),
    [
        ("sum:mae+0.5*mine.py:mine", "sum:mae+0.5*mse"),
        ("sum:mae+w*mine.py:mine:w=3:alpha=1", "sum:mae+3*mae"),
        ("sum:(mine.py:mine:alpha=1)+mine.py:mine", "sum:mae+mse"),
        ("sum:torch.nn:L1Loss+0.1*mse", "sum:mae+0.1*mse"),
        ("sum:2*(torch.nn:SmoothL1Loss:beta=0.5)+mse", "sum:2*smooth_l1+mse:beta=0.5"),
        ("sum:(huber:delta=2)+mse", "sum:huber+mse:delta=2"),
        ("sum:mse+(huber:delta=2):delta=3", "sum:mse+huber:delta=3"),
        ("scaled:factor=2:loss=sum:mse+mine.py:mine", "sum:2*mse+2*mse"),
    ],
)
def test_a_sum_with_a_loss_of_ones_own_is_that_sum(own: str, known: str) -> None:
    """Each part resolved like a loss by itself; a batch's one value where a part has no other."""
    loss, wanted = get_loss(own, "regression"), get_loss(known, "regression")
    raw, target = torch.randn(3, 7, 1, dtype=torch.float64), torch.randn(3, 7, 1, dtype=torch.float64)
    values = wanted(raw, target)
    close(loss(raw, target), values.mean(-1) if loss.record.whole_batch else values)
    assert loss.link == wanted.link
    again = pickle.loads(pickle.dumps(loss))
    assert again == loss
    assert again.record is loss.record


@pytest.mark.usefixtures("written")
def test_weights_of_one_sum_share_a_record_and_have_their_own_hash(written: Path) -> None:
    """So that models of all weights train together; the code of the user's file is in the hash."""
    one, other = (get_loss(f"sum:mse+w*mine.py:mine:w={weight}", "regression") for weight in (1, 2))
    assert one.record is other.record
    with_values = get_loss("sum:mse+w*(mine.py:mine:alpha=1)", "regression")
    assert len({source_digest(loss) for loss in (one, other, with_values)}) == 3
    written.with_name("other.py").write_text(MINE.replace("abs()", "neg().abs()"))
    (moved, same) = (get_loss(f"sum:mse+w*{file}:mine", "regression") for file in ("other.py", "mine.py"))
    assert moved.record.code != same.record.code == one.record.code != ""


@pytest.mark.usefixtures("written")
def test_what_a_part_hides_is_found() -> None:
    """A part that keeps a state is refused, and named; a weight of a user's sum is tuned as a range."""
    with pytest.raises(LossFailed, match=r"'sum:mse\+mine.py:counting'.*keeps; let it depend on prediction"):
        get_loss("sum:mse+mine.py:counting", "regression")
    assert make_grid("sum:mse+w*mine.py:mine:w=0.1..10").members[0] == "sum:mse+w*mine.py:mine:w=0.1"
    assert make_grid("sum:mse+mine.py:mine:alpha=1|2").parameter == "alpha"
    assert not has_grid("sum:mse+(../mine.py:mine:alpha=1)")
    assert part_names(get_loss("sum:mse+(mine.py:of_batch:power=4)", "regression").record) == (
        "mse",
        "mine.py:of_batch:power=4",
    )
