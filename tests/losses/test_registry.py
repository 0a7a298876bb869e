from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from lossbench.errors import BadValue, LossDoesNotFit, UnknownName
from lossbench.losses import catalogue, core_losses, get_loss
from lossbench.losses.registry import find
from lossbench.task import TASKS

CORE = {
    "regression": {"mse", "mae", "huber", "log_cosh", "pinball", "mape"},
    "binary": {"bce", "mse", "mse_logits", "mse_pm1", "mae", "hinge", "squared_hinge", "focal", "ce"},
    "multiclass": {"ce", "mse", "mse_logits", "mae", "hinge", "bce", "focal", "label_smoothing"},
    "multilabel": {"bce", "mse", "ce", "focal"},
    "segmentation": {"bce", "mse", "focal", "dice", "bce_dice", "lovasz"},
    "anomaly": {"mse", "bce", "mae"},
    "embedding": {"ce", "triplet", "triplet_semi_hard", "contrastive", "supcon"},
    "distribution": {"wasserstein", "energy", "mmd", "sinkhorn", "kl_histogram", "mse"},
}
REFERENCE = {
    "regression": "mse",
    "binary": "bce",
    "multiclass": "ce",
    "multilabel": "bce",
    "segmentation": "bce",
    "distribution": "wasserstein",
    "anomaly": "bce",
    "embedding": "ce",
}


@pytest.mark.parametrize("task", TASKS)
def test_core_losses_are_the_promised_ones(task):
    """Every task has at least the losses that the documentation lists, its reference loss first."""
    assert set(core_losses(task)) >= CORE[task]
    assert core_losses(task)[0] == REFERENCE[task]


def test_names_and_aliases_are_unique_in_a_task():
    """No name of a task means two losses."""
    names = Counter((record.task, name) for record in catalogue() for name in (record.name, *record.aliases))
    assert max(names.values()) == 1


def test_every_record_is_found_by_each_of_its_names():
    """Name and aliases lead to the record itself."""
    for record in catalogue():
        for name in (record.name, *record.aliases):
            assert find(name, record.task) is record


@pytest.mark.parametrize(
    ("alias", "task", "name"),
    [
        ("cce", "multiclass", "ce"),
        ("brier", "binary", "mse"),
        ("brier", "multiclass", "mse"),
    ],
)
def test_aliases(alias, task, name):
    """An alias is another name of the same loss."""
    assert get_loss(alias, task).name == name


def test_unknown_loss_offers_the_nearest():
    """The message names the nearest loss of any task, since another may be what was meant, and all of them."""
    with pytest.raises(UnknownName, match=r"unknown loss 'hubr'; did you mean 'huber'\?") as caught:
        find("hubr", "binary")
    assert all(name in str(caught.value) for names in CORE.values() for name in names)


def test_unknown_loss_without_a_task_offers_all():
    """Without a task every loss is a candidate, each listed once."""
    with pytest.raises(UnknownName, match="did you mean 'squared_hinge'") as caught:
        find("square_hinge")
    listed = str(caught.value).split("Known: ")[1].split(", ")
    assert len(listed) == len(set(listed))
    assert set().union(*CORE.values()) <= set(listed)


def test_unknown_task_is_refused():
    """A task that does not exist is named as such, not as a missing loss."""
    for call in (lambda: find("mse", "regresion"), lambda: core_losses("regresion")):
        with pytest.raises(UnknownName, match=r"unknown task 'regresion'; did you mean 'regression'\?"):
            call()


def test_loss_of_another_task_does_not_fit():
    """The message says which tasks the loss serves, and which losses fit the task asked for."""
    with pytest.raises(LossDoesNotFit) as caught:
        find("huber", "binary")
    message = str(caught.value)
    assert "'huber' does not fit the task binary" in message
    assert "serves regression" in message
    assert all(name in message for name in CORE["binary"])


def test_name_of_several_tasks_needs_one():
    """A name that serves several tasks is an error that lists them; one that serves a single task is not."""
    with pytest.raises(BadValue, match=r"'ce' serves several tasks \(binary, multiclass, multilabel, embedding\)"):
        find("ce")
    assert find("label_smoothing").task == "multiclass"


def test_importing_the_catalogue_imports_nothing_heavy():
    """Commands that never train can read the whole catalogue without torch."""
    program = (
        "import sys; from lossbench.losses import catalogue, get_loss; "
        "[record.summary for record in catalogue()]; get_loss('huber:delta=2').label; "
        "print([name for name in ('torch', 'sklearn', 'pandas', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
