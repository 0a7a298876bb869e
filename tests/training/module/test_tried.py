"""What may not be trained is refused in one line, before anything is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lossbench.errors import UsageError
from lossbench.plan.experiment import plan
from lossbench.plan.settings import make_settings

NETS = str(Path(__file__).with_name("nets.py"))

REFUSED = {
    "Wrong": ["returned shape (7, 2) for 7 rows", "'moons' under bce wants raw outputs (7, 1)", "named outputs"],
    "Empty": ["has no parameters to train"],
    "Cut": ["hang on none of its parameters"],
    "Counts": ["keeps a state that calls change (calls)"],
    "Normed": ["keeps a state that calls change (bn.running_mean", "LayerNorm or GroupNorm"],
    "Centred": ["hang on the other rows of the batch", "LayerNorm"],
    "Dropped": ["draws random numbers when it is called (Dropout, drop)", "adamw"],
    "Noisy": ["draws random numbers when it is called,"],
    "Cuda": ["raised ", "(nets.py line ", "it must run on the processor"],
    "MadeOnCuda": ["cannot be made with (inputs=2, outputs=1)", "(nets.py line ", "it must run on the processor"],
    "Raises": ["raised KeyError: 'no such layer'", "features (7, 2)", "(nets.py line "],
    "Nameless": ["needs n and m", "inputs (or in_features, input_size)", "def net(inputs, outputs)"],
    "Modes": ["other outputs in training than in evaluation"],
    "Lazy": ["parameters without a shape (out.weight)"],
    "Half": ["holds numbers of torch.bfloat16", "float32"],
    "number": ["returned int; let it return a torch.nn.Module"],
    "broken": ["cannot be made with (inputs=2, outputs=1)", "RuntimeError: no weights (nets.py line "],
    "Sme": ["unknown model 'Sme'; did you mean 'Same'?"],
    "Same:widht=3": ["unknown parameter 'widht'; did you mean 'width'?"],
    "Same:width=wide": ["width=wide is not a finite number"],
    "Same:@label=mine": ["@label is for losses"],
    "sequence:activation=step": ["outputs=1, activation='step'): it raised KeyError"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_trained_is_refused(name: str) -> None:
    """One message: what, why, and what to do; it knows the spec that it is about."""
    with pytest.raises(UsageError) as caught:
        plan(make_settings(datasets="moons", losses="bce", models=f"{NETS}:{name}", seeds=1))
    assert caught.value.about == f"{NETS}:{name}"
    for word in REFUSED[name]:
        assert word in str(caught.value)
    assert not re.search(r"\n", str(caught.value))


def test_a_loss_of_more_outputs_is_tried_too() -> None:
    """Two-class softmax wants two outputs; a module that is told how many gives them."""
    plan(make_settings(datasets="moons", losses=["bce", "ce"], models=f"{NETS}:Same", seeds=1))
    with pytest.raises(UsageError, match=r"'moons' under ce wants raw outputs \(7, 2\)"):
        plan(make_settings(datasets="moons", losses=["ce"], models=f"{NETS}:Wrong", seeds=1))


def test_class_vectors_are_the_weights_of_a_linear_head() -> None:
    """A module whose head is another one is refused under a loss that trains them, and there alone."""
    plain = {"datasets": "digit_pairs:classes=5", "models": f"{NETS}:Deep", "seeds": 1}
    plan(make_settings(**plain, losses="ce"))
    with pytest.raises(UsageError, match=r"has a head that is a Sequential.*torch\.nn\.Linear"):
        plan(make_settings(**plain, losses=["ce", "arcface"]))


def test_an_embedding_needs_two_parts() -> None:
    """Where one is learnt, a module without trunk and head is refused."""
    asked = {"datasets": "digit_pairs:classes=4", "losses": "ce", "seeds": 1}
    plan(make_settings(**asked, models=f"{NETS}:Embeds"))
    with pytest.raises(UsageError, match="no parts trunk and head"):
        plan(make_settings(**asked, models=f"{NETS}:Same"))


def test_a_reason_to_be_slow_is_kept() -> None:
    """Who cannot be trained many at once is known before training, with the reason."""
    experiment = plan(
        make_settings(datasets="moons", losses="bce", models=[f"{NETS}:Branches", f"{NETS}:Same"], seeds=1)
    )
    faults = [model.fault for model in experiment.setups[0].models.values()]
    assert faults == ["it branches on the values of a tensor", ""]
