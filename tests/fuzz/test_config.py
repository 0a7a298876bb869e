"""A TOML file of settings, and one of claims."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given

from lossbench.claims import Study, read_catalogue, read_terms, try_claims
from lossbench.claims.judge import check
from lossbench.claims.registry import EXPERIMENTS, trains
from lossbench.plan.config import locating
from lossbench.plan.settings import make_settings
from lossbench.plan.toml import shipped_configs

from .strategies import spoilt_toml
from .survives import FEW, FEWEST, command, folder, survives

CONFIG = """
datasets = ["iris", "diabetes"]
models = ["linear", "mlp:4"]
lr = [0.01, 0.1]
tune = true
batch_size = 16
outliers = [0.0, 0.1]
[losses]
regression = ["mse", "mine"]
multiclass = ["ce"]
[[loss]]
label = "mine"
loss = "mine.py:f"
target = "onehot"
[protocol.diabetes]
optimizers = ["adamw:weight_decay=2"]
l2 = [0.1]
why = "chosen on validation"
[margins]
accuracy = 0.02
[gate]
new = "warn"
rules = ["f1:-0.02", { rule = "accuracy:-0.1", loss = "ce" }]
"""

CLAIMS = """
[documents]
D = "A document"
[claims.focal]
claim = "Focal loss beats cross-entropy."
document = "D"
place = "page 3"
arms = ["focal", "bce"]
score = "f1"
direction = "better"
datasets = ["imbalanced"]
outliers = [0.1]
reported = { focal = { f1 = "0.859" }, "bce f1" = "0.8" }
[claims.same]
claim = "The same."
same_as = ["focal"]
[claims.later]
claim = "Later."
not_yet = "Nobody knows how."
reported_in = "focal"
"""

SHIPPED = (shipped_configs() / "claims.toml").read_text(encoding="utf-8")
DECIDED = SHIPPED[SHIPPED.index("[claims.") :]
STUDY = Study(read_terms(), quick=True, jobs=1)


def planned(file: Path) -> None:
    """Read a config, with the line of what is refused."""
    with locating(file):
        make_settings(file)


@given(spoilt_toml(CONFIG))
def test_any_config_works_or_is_refused(content: bytes) -> None:
    """Its values are read, or one is refused with its line."""
    with folder(mine_toml=content) as place:
        survives(lambda: planned(place / "mine.toml"))


def tried(file: Path) -> None:
    """Read claims, see whether each can be carried out, and try those that nothing is trained for."""
    catalogue = read_catalogue(file)
    for claim in catalogue.claims.values():
        names = [name for one in catalogue.deciding(claim) for name in one.experiments]
        if survives(lambda claim=claim: check(claim, STUDY)) and not any(map(trains, names)):
            survives(lambda claim=claim: try_claims(catalogue, [claim], STUDY))


@FEWEST
@given(spoilt_toml(CLAIMS))
def test_any_claims_work_or_are_refused(content: bytes) -> None:
    """They are read, or one is refused with its line."""
    with folder(mine_toml=content) as place:
        survives(lambda: tried(place / "mine.toml"))


EXACT = [name for name in EXPERIMENTS if not trains(name) and name != "evaluation_cost"]
"""The experiments that train nothing, without the one that measures times."""


@FEW
@given(spoilt_toml("\n".join(line for line in DECIDED.splitlines() if not line.startswith(("#", "document")))))
def test_claims_like_those_of_the_documents_work_or_are_refused(content: bytes) -> None:
    """Every kind of experiment stands in them."""
    with folder(mine_toml=content) as place:
        survives(lambda: read_catalogue(place / "mine.toml"))
        command("claims", "-c", str(place / "mine.toml"), "nosuch", "--no-cache")
