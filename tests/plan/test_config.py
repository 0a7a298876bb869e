"""An error about a name says where in the config the name stands."""

from __future__ import annotations

from pathlib import Path

import pytest

import lossbench
from lossbench.errors import UsageError

from .test_custom import OWN


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            "epochs = 3\n[losses]\nbinary = ['bce', 'foocal']\n",
            "line 3, key 'losses.binary': unknown loss",
        ),
        ("epochs = 3\nmodels = ['linear', 'mpl:4']\n", "line 2, key 'models': 'mpl:4': unknown model 'mpl'"),
        ("datasets = 'irs'\n", "line 1, key 'datasets': unknown data set 'irs'"),
        ("\noptimizers = ['sgd:momentum=2']\n", "line 2, key 'optimizers': "),
        (
            "[losses]\nregression = ['mse', 'hinge']\n",
            "line 2, key 'losses.regression': loss 'hinge'",
        ),
        ("datasets = ['iris', 'none.csv:target=y']\n", "line 1, key 'datasets': no file "),
        (OWN + "[losses]\nbinary = ['mse']\n", "line 5, key 'loss.label': no file "),
    ],
)
def test_a_name_that_is_refused_is_found_in_the_config(tmp_path: Path, text: str, place: str) -> None:
    """File, line and key stand before the message; what the caller gives himself has no line."""
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        lossbench.compare(config=path)
    assert str(caught.value).startswith(f"{path} {place}")
    with pytest.raises(UsageError, match=r"^unknown loss 'mze'"):
        lossbench.compare("iris", "mze", config=path, models="linear", optimizers="sgd")
