from __future__ import annotations

import numpy as np
import pytest
import torch
from training.cases import ENGINES, pack, trial

from lossbench.errors import BadValue, LossDoesNotFit, LossFailed, UnknownName, UsageError
from lossbench.losses import get_loss, register_loss
from lossbench.remark import Topic
from lossbench.report.words.remark import words
from lossbench.task import TASKS

FORMULAS = """
    import torch
    from torch.nn import functional

    def mse_of_ours(raw, target):
        return (target - raw).square().mean(-1)

    def mse_an_output(prediction, target):
        return (prediction - target) ** 2

    def mse_a_row(prediction, target):
        return ((prediction - target) ** 2).mean(1)

    def mse_of_the_batch(prediction, target):
        return ((prediction - target) ** 2).mean()

    def mse_of_one_model_only(raw, target):
        return ((target - raw) ** 2).mean(1)

    def mse_by_a_branch(prediction, target):
        if (prediction > target).any():
            return ((prediction - target) ** 2).mean()
        return ((prediction - target) ** 2).mean()

    def huber(raw, target, *, delta=1.0):
        size = (target - raw).abs()
        capped = size.clamp(max=delta)
        return (capped * (size - capped / 2)).mean(-1)

    class Huber(torch.nn.Module):
        def __init__(self, delta):
            super().__init__()
            self.delta = delta

        def forward(self, prediction, target):
            return functional.huber_loss(prediction, target, delta=self.delta)

    def brier(probability, onehot):
        return (probability - onehot).square().sum(-1).mean()

    def cross_entropy(raw, target):
        return raw.logsumexp(-1) - raw.gather(-1, target.unsqueeze(-1)).squeeze(-1)

    def bce_of_probabilities(p, t):
        return -(t * p.log() + (1 - t) * (1 - p).log())

    def nll(raw, target):
        mean, spread = raw.chunk(2, -1)
        variance = functional.softplus(spread) + 1e-6
        return 0.5 * (variance.log() + (target - mean) ** 2 / variance).mean(-1)

    def poisson(raw, target):
        rate = functional.softplus(raw) + 1e-6
        return (rate - target * rate.log()).mean(-1)

    MODULE = torch.nn.BCEWithLogitsLoss()
"""

SAME = [
    ("regression", "mse", "mine.py:mse_of_ours"),
    ("regression", "mse", "mine.py:mse_an_output"),
    ("regression", "mse", "mine.py:mse_a_row"),
    ("regression", "mse", "mine.py:mse_of_the_batch"),
    ("regression", "mse", "mine.py:mse_of_one_model_only"),
    ("regression", "mse", "mine.py:mse_by_a_branch"),
    ("regression", "mse", "torch.nn:MSELoss"),
    ("regression", "mse", "torch.nn:MSELoss:reduction=none"),
    ("regression", "mse", "torch.nn.functional:mse_loss"),
    ("regression", "huber:delta=0.7", "mine.py:huber:delta=0.7"),
    ("regression", "huber:delta=0.7", "mine.py:Huber:delta=0.7"),
    ("regression", "huber:delta=0.7", "torch.nn:HuberLoss:delta=0.7"),
    ("regression", "gaussian_nll", "mine.py:nll:@link=location"),
    ("binary", "bce", "torch.nn:BCEWithLogitsLoss"),
    ("binary", "bce", "mine.py:MODULE"),
    ("binary", "bce", "torch.nn:BCELoss:@gets=probability"),
    ("binary", "bce", "mine.py:bce_of_probabilities:@gets=probability"),
    ("binary", "mse", "torch.nn:MSELoss:@gets=probability"),
    ("binary", "mse_logits", "torch.nn:MSELoss:@link=clip"),
    ("binary", "ce", "torch.nn:CrossEntropyLoss:@link=softmax"),
    ("binary", "ce", "mine.py:cross_entropy:@link=softmax"),
    ("multiclass", "ce", "torch.nn:CrossEntropyLoss"),
    ("multiclass", "ce", "torch.nn:CrossEntropyLoss:reduction=none"),
    ("multiclass", "ce", "torch.nn:CrossEntropyLoss:@target=onehot"),
    ("multiclass", "ce", "mine.py:cross_entropy"),
    ("multiclass", "mse", "mine.py:brier:@gets=probability:@target=onehot"),
    ("multilabel", "bce", "torch.nn:BCEWithLogitsLoss:reduction=none"),
    ("multilabel", "bce", "mine.py:bce_of_probabilities:@gets=probability"),
]


def draw(loss, *lead, rows=6):
    """Return raw outputs and targets in double precision for a loss."""
    rng = np.random.default_rng(0)
    targets = {"regression": 2, "binary": 1, "multiclass": 4, "multilabel": 3, "anomaly": 3}[loss.task]
    outputs = loss.record.width(targets)
    raw = torch.as_tensor(rng.normal(size=(*lead, rows, outputs)))
    if loss.record.encoding == "index":
        return raw, torch.as_tensor(rng.integers(outputs, size=(*lead, rows)))
    if loss.task == "regression":
        return raw, torch.as_tensor(rng.normal(size=(*lead, rows, targets)))
    return raw, torch.as_tensor(rng.integers(2, size=(*lead, rows, targets)).astype(float))


def of_batch(loss, raw, target):
    """Return the cost of each batch, as training sees it, and its gradient."""
    leaf = raw.clone().requires_grad_()
    value = loss(leaf, target)
    cost = value if loss.record.whole_batch else value.mean(-1)
    return cost.detach(), torch.autograd.grad(cost.sum(), leaf)[0]


def assert_same(left, right):
    """Require two results in double precision to be the same but for rounding."""
    torch.testing.assert_close(left, right, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("task", "ours", "theirs"), SAME)
def test_a_built_in_formula_is_the_built_in_loss(write, task, ours, theirs):
    """In every convention, from every place: value, gradient, link and form of the target are the same."""
    write(FORMULAS)
    built_in, own = get_loss(ours, task), get_loss(theirs, task)
    assert (own.link, own.record.encoding, own.record.outputs_per_target) == (
        built_in.link,
        built_in.record.encoding,
        built_in.record.outputs_per_target,
    )
    raw, target = draw(built_in, 3)
    assert_same(of_batch(own, raw, target), of_batch(built_in, raw, target))


@pytest.mark.parametrize(("task", "theirs"), [(task, theirs) for task, _, theirs in SAME])
def test_leading_dimensions_do_not_matter(write, task, theirs):
    """None, one or several: each model has what it has alone, in the shape that the record promises."""
    write(FORMULAS)
    loss = get_loss(theirs, task)
    raw, target = draw(loss, 2, 3)
    whole = of_batch(loss, raw, target)
    assert whole[0].shape == (2, 3)
    for slot in np.ndindex(2, 3):
        alone = of_batch(loss, raw[slot], target[slot])
        assert_same(alone, (whole[0][slot], whole[1][slot]))
    flat = of_batch(loss, raw.flatten(0, 1), target.flatten(0, 1))
    assert_same(flat[1].unflatten(0, (2, 3)), whole[1])


def test_targets_with_their_own_zero(write):
    """A positive prediction needs targets that are not centred, as the built-in losses of that link do."""
    write(FORMULAS)
    own, built_in = get_loss("mine.py:poisson:@link=softplus", "regression"), get_loss("poisson", "regression")
    assert own.record.natural_zero
    raw, target = draw(own, 3)
    ours, theirs = of_batch(built_in, raw, target.abs()), of_batch(own, raw, target.abs())
    assert_same(theirs[1], ours[1])


def test_a_loss_of_predictions_gets_them_through_the_link(write):
    """What knows nothing of a link that is stated gets positive predictions, unless raw outputs are asked for."""
    write(FORMULAS)
    spec = "torch.nn:PoissonNLLLoss:log_input=false:eps=0:reduction=none:@link=softplus"
    theirs, ours = (get_loss(name, "regression") for name in (spec, "mine.py:poisson:@link=softplus"))
    raw, target = draw(ours, 3)
    assert_same(of_batch(theirs, raw, target.abs())[1], of_batch(ours, raw, target.abs())[1])
    squared = get_loss("torch.nn:MSELoss:@link=softplus:@gets=raw", "regression")
    plain = get_loss("torch.nn:MSELoss", "regression")
    assert_same(of_batch(squared, raw, target)[1], of_batch(plain, raw, target)[1])


def test_equal_specs_share_a_record(write):
    """Whatever the order of parameters, the label or the way of writing: engines evaluate them together."""
    write(FORMULAS)
    groups = [
        ["torch.nn:SmoothL1Loss:beta=0.5:reduction=sum", "torch.nn:SmoothL1Loss:reduction=sum:beta=0.50:@label=x"],
        ["mine.py:huber", "mine.py:huber:delta=2", "mine.py:huber:delta=1e-3:@label=small"],
        ["mine.py:Huber:delta=2", "mine.py:Huber:delta=2:@link=identity"],
    ]
    records = [{get_loss(spec, "regression").record for spec in specs} for specs in groups]
    assert [len(found) for found in records] == [1, 1, 1]
    assert len(set().union(*records)) == 3


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("mine.py:Huber:delta=2", "mine.py:Huber:delta=3"),
        ("mine.py:mse_a_row", "mine.py:mse_a_row:@convention=raw"),
        ("torch.nn:MSELoss", "torch.nn:MSELoss:reduction=sum"),
    ],
)
def test_what_makes_another_function_makes_another_record(write, left, right):
    """A constructor's arguments and the convention belong to the record."""
    write(FORMULAS)
    assert get_loss(left, "regression").record != get_loss(right, "regression").record


def test_a_parameter_may_differ_between_models(write):
    """A number of a function of our signature may be a tensor: each model gets what its own number gives."""
    write(FORMULAS)
    loss = get_loss("mine.py:huber:delta=2", "regression")
    assert (dict(loss.parameters), loss.label) == ({"delta": 2.0}, "mine.py:huber:delta=2")
    raw, target = draw(loss, 3)
    deltas = torch.tensor([0.1, 0.5, 2.0], dtype=raw.dtype)
    together = loss.record.fn(raw, target, delta=deltas.reshape(3, 1, 1))
    for model, delta in enumerate(deltas.tolist()):
        alone = get_loss(f"mine.py:huber:delta={delta}", "regression")(raw[model], target[model])
        assert_same(together[model], alone)


@pytest.mark.parametrize(
    ("spec", "label"),
    [
        ("mine.py:Huber:delta=2", "mine.py:Huber:delta=2"),
        ("mine.py:huber", "mine.py:huber:delta=1"),
        ("torch.nn:MSELoss:reduce=none", "torch.nn:MSELoss:reduce=none"),
    ],
)
def test_the_label_is_a_spec_of_the_same_loss(write, spec, label):
    """It has every number, and what was set."""
    write(FORMULAS)
    loss = get_loss(spec, "regression")
    assert loss.label == label
    assert get_loss(label, "regression").record is loss.record


def test_the_hash_is_of_the_code_and_of_how_it_is_called(write):
    """Another byte, or another convention, is another hash; another label is not."""
    write(FORMULAS)
    specs = ["mine.py:mse_a_row", "mine.py:mse_a_row:@convention=raw", "mine.py:mse_a_row:@label=other"]
    codes = [get_loss(spec, "regression").record.code for spec in specs]
    assert codes[0] == codes[2] != codes[1]
    write(FORMULAS + "\n")
    assert get_loss(specs[0], "regression").record.code != codes[0]


def test_a_label_is_what_tables_show(write):
    """Of any loss, built-in or not; without one it is the spec."""
    write(FORMULAS)
    assert get_loss("mine.py:mse_a_row:@label=row by row", "regression").title == "row by row"
    assert get_loss("huber:delta=2:@label=mild", "regression").title == "mild"
    assert get_loss("huber:delta=2").title == "huber:delta=2"
    with pytest.raises(BadValue, match="'mae' is the name of a built-in loss"):
        get_loss("mse:@label=mae", "regression")


def test_a_stated_task_is_the_only_one(write):
    """It need not be repeated, and no other task gets the loss; built-in losses keep to it too."""
    write(FORMULAS)
    spec = "mine.py:mse_a_row:@task=multilabel:@label=mine"
    assert get_loss(spec).task == "multilabel"
    assert get_loss("mse:@task=binary").task == "binary"
    for other in set(TASKS) - {"multilabel"}:
        with pytest.raises(
            LossDoesNotFit, match=f"'mine' is stated to be for multilabel, so it does not run on {other}"
        ):
            get_loss(spec, other)
    with pytest.raises(UnknownName, match="unknown task 'multilable'; did you mean 'multilabel'"):
        get_loss("mine.py:mse_a_row:@task=multilable")


def test_a_built_in_loss_has_its_own_convention():
    """Nothing but a label and a task can be stated about it."""
    with pytest.raises(UnknownName, match="built-in 'mse:@link=clip': unknown statement '@link'"):
        get_loss("mse:@link=clip", "binary")


def test_a_loss_runs_on_the_tasks_that_it_fits(write):
    """The trial says which; torch's cross-entropy has no gradient on one output, which is no error of torch's."""
    write(FORMULAS)
    assert get_loss("mine.py:cross_entropy", "multiclass").task == "multiclass"
    for task in set(TASKS) - {"multiclass"}:
        with pytest.raises(LossDoesNotFit, match=f"does not fit the task {task}: it raised"):
            get_loss("mine.py:cross_entropy", task)
    with pytest.raises(LossDoesNotFit, match="its gradient is zero"):
        get_loss("torch.nn:CrossEntropyLoss", "binary")


WEIGHTED = """
    import torch

    class Weighted(torch.nn.CrossEntropyLoss):
        def __init__(self):
            super().__init__(weight=torch.arange(1.0, 11.0))
"""


def test_a_loss_made_for_one_number_of_classes_fits_just_that(write):
    """It is tried on the classes of the data set; its constants follow the precision of the data."""
    write(WEIGHTED)
    loss = get_loss("mine.py:Weighted", "multiclass", targets=10)
    assert loss(torch.randn(2, 5, 10).double(), torch.randint(10, (2, 5))).dtype == torch.float64
    with pytest.raises(LossDoesNotFit, match="weight tensor should be defined"):
        get_loss("mine.py:Weighted", "multiclass", targets=9)


def test_what_a_loss_raises_later_is_told_as_in_the_trial(write):
    """In the midst of training there is one kind of error, with the line."""
    write("def f(p, t):\n    return (p - t).abs().mean() * (1 / (len(p) != 3))")
    loss = get_loss("mine.py:f", "regression")
    with pytest.raises(LossFailed, match=r"loss 'mine\.py:f' raised ZeroDivisionError: .* \(mine\.py line 2\)"):
        loss(torch.zeros(4, 3, 1), torch.ones(4, 3, 1))


def test_what_it_gets_and_gives_is_said(write):
    """The record says it, for whoever asks."""
    write(FORMULAS)
    said = {
        "mine.py:huber": "raw outputs (..., batch, targets) and target (..., batch, targets); "
        "returns a value a row; all models at once",
        "torch.nn:MSELoss:reduction=none": "raw outputs (batch, targets) and target (batch, targets); "
        "returns a value an output, which is averaged over targets; mapped over the models",
        "mine.py:mse_by_a_branch": "raw outputs (batch, targets) and target (batch, targets); "
        "returns one number for the batch; one model after the other",
    }
    for spec, told in said.items():
        assert get_loss(spec, "regression").record.receives == told


def test_what_torch_warns_of_is_noted(write):
    """A warning in the trial stands beside the results, where it is seen."""
    write("from torch.nn.functional import mse_loss\ndef f(p, t): return mse_loss(p, t.squeeze(1))")
    notes = get_loss("mine.py:f", "regression").record.notes
    (note, *_) = [note for note in notes if note.topic is Topic.TORCH_WARNS]
    assert words(note).startswith("it warns: Using a target size")


@pytest.mark.parametrize("train", ENGINES)
@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [
        ("iris", "ce", ["mine.py:cross_entropy", "torch.nn:CrossEntropyLoss"]),
        ("iris", "mse", ["mine.py:brier:@gets=probability:@target=onehot"]),
        ("linnerud", "mse", ["mine.py:mse_of_ours", "mine.py:mse_of_the_batch", "mine.py:mse_by_a_branch"]),
        ("moons:rows=60", "ce", ["torch.nn:CrossEntropyLoss:@link=softmax"]),
    ],
)
def test_trains_like_the_built_in_loss(write, train, name, ours, theirs):
    """In all engines, several models at once, the last batch smaller: the raw outputs end up the same."""
    write(FORMULAS)
    settings = ({"seed": 0}, {"seed": 1, "lr": 0.03})
    trials = [
        trial(name, loss=loss, epochs=1, batch_size=9, **changes)
        for loss in (ours, *theirs)
        for changes in settings
    ]
    last = train(pack(*trials), dtype=torch.float64).last
    for own in range(1, len(theirs) + 1):
        np.testing.assert_allclose(last[2 * own : 2 * own + 2], last[:2], rtol=1e-8, atol=1e-8)


def test_lists_are_tensors(write):
    """Numbers in brackets come as a tensor, in the precision of the outputs; where a list is wanted, as a list."""
    write(
        """
        import torch

        def weighted(p, t, weight=None, powers=(2,)):
            assert isinstance(powers, list | tuple)
            weight = torch.ones(1) if weight is None else weight
            assert weight.dtype == p.dtype or weight.numel() == 1
            return (weight * sum((p - t).abs() ** power for power in powers)).mean()
        """
    )
    raw, target = torch.randn(4, 2, dtype=torch.float64), torch.zeros(4, 2, dtype=torch.float64)
    loss = get_loss("mine.py:weighted:weight=[1,0.5]:powers=[1,2]", "regression", 2)
    assert loss.name == "mine.py:weighted:weight=[1,0.5]:powers=[1,2]"
    size = raw.abs()
    torch.testing.assert_close(loss(raw, target), (torch.tensor([1, 0.5]) * (size + size**2)).mean())
    ours = get_loss("torch.nn:CrossEntropyLoss:weight=[1,2,3]", "multiclass", 3)
    theirs = torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))
    raw, target = torch.randn(5, 3), torch.tensor([0, 1, 2, 1, 0])
    torch.testing.assert_close(ours(raw, target), theirs(raw, target))


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("torch.nn:CrossEntropyLoss:weight=[1,2]", "weight tensor should be defined either for all 3 classes"),
        ("torch.nn:CrossEntropyLoss:weight=[1,x,3]", "weight=[1,x,3] is no list of numbers; write one as [1,2,3]"),
        ("torch.nn:CrossEntropyLoss:weight=[1,2,NaN]", "is no list of numbers"),
        ("torch.nn:CrossEntropyLoss:weight=3", "a tensor is written in brackets, as weight=[3]"),
    ],
)
def test_a_list_that_is_wrong(spec, told):
    """One error says what is wrong with it."""
    with pytest.raises(UsageError) as caught:
        get_loss(spec, "multiclass", 3)
    assert told in str(caught.value)


def test_a_loss_that_hangs_on_its_past_is_noticed(write):
    """A counter that moves during the trial is refused; one that moves later is seen when it is asked again."""
    write(
        """
        calls = {"soon": 0, "later": 0, "cycle": 0}

        def stepped(name, limit, p, t):
            calls[name] += 1
            return ((p - t) ** 2).mean() * (1 + calls[name] // limit)

        def soon(p, t):
            return stepped("soon", 10, p, t)

        def later(p, t):
            return stepped("later", 60, p, t)

        def cycle(p, t):
            stepped("cycle", 1, p, t)
            return ((p - t) ** 2).mean() * (1 + calls["cycle"] // 60 % 2)

        def never(p, t):
            return ((p - t) ** 2).mean()
        """
    )
    with pytest.raises(LossFailed, match="for the same prediction and target; let it depend"):
        get_loss("mine.py:soon", "regression")
    raw, target = torch.ones(3, 1), torch.zeros(3, 1)
    # One that comes back to where it was is seen on the way, when it is asked often.
    assert get_loss("mine.py:cycle", "regression").record.drift(200)
    for name, moves in (("later", True), ("never", False)):
        loss = get_loss(f"mine.py:{name}", "regression")
        assert loss.record.drift(1) == ""
        for _ in range(60):
            loss(raw, target)
        assert bool(loss.record.drift(1)) == moves


def test_a_loss_that_keeps_its_first_batch_is_refused(write):
    """Whatever it keeps, and wherever: what its trials give would hang on which of them came first."""
    write(
        """
        import torch

        KEPT = {}
        LARGEST = None

        def in_a_dictionary(p, t):
            return ((p - t) / KEPT.setdefault("scale", t.abs().max())).square().mean()

        def in_a_global(p, t):
            global LARGEST
            LARGEST = t.max() if LARGEST is None else LARGEST
            return (p - t).square().mean() + (p.mean() - LARGEST).square()

        def in_an_attribute(raw, target, *, c=1.0):
            in_an_attribute.rows = getattr(in_an_attribute, "rows", len(target))
            return c * (raw - target).square().mean(-1) / in_an_attribute.rows

        class Mask(torch.nn.Module):
            mask = None

            def forward(self, p, t):
                self.mask = torch.ones_like(p) if self.mask is None else self.mask
                return ((p - t) * self.mask).square().mean()

        class Classes(Mask):
            classes = None

            def forward(self, p, t):
                self.classes = self.classes or int(t.max()) + 1
                return torch.nn.functional.cross_entropy(p[:, : self.classes], t.clamp(max=self.classes - 1))

        class Sound(Mask):
            def forward(self, p, t):
                self.mask = torch.ones_like(p) if self.mask is None or len(self.mask) != len(p) else self.mask
                return ((p - t) * self.mask).square().mean()
        """
    )
    for name in ("in_a_dictionary", "in_a_global", "in_an_attribute", "Mask", "Classes"):
        for _ in range(2):  # the state that the first refusal leaves hides nothing
            with pytest.raises(LossFailed, match="if another batch came first, for the same"):
                get_loss(f"mine.py:{name}", "multiclass" if name == "Classes" else "regression")
    assert get_loss("mine.py:Sound", "regression").record.notes == ()


def test_a_registered_loss_that_keeps_its_first_batch_is_refused():
    """An instance is copied before its first call, and the copy asked."""

    class Scaled:
        scale = None

        def __call__(self, p, t):
            self.scale = p.detach().std() if self.scale is None else self.scale
            return ((p - t) / self.scale).square().mean()

    register_loss("kept_scale", Scaled())
    with pytest.raises(LossFailed, match="if another batch came first"):
        get_loss("kept_scale", "regression")
