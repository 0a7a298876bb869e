"""Where an experiment is trained: the caller wins over the config, whose address is of its own backend."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.errors import BadValue, UnknownName
from lossbench.plan.cluster import choose_cluster
from lossbench.plan.settings import make_settings
from lossbench.plan.where import cluster_for

ADDRESSES = {"dask": "tcp://there:1", "ray": "there:2"}
backends = st.sampled_from([None, "local", *ADDRESSES])


@given(backends, st.booleans(), backends, st.booleans())
def test_the_caller_wins_over_the_config(
    tmp_path_factory: pytest.TempPathFactory,
    stated: str | None,
    with_one: bool,
    asked: str | None,
    given_one: bool,
) -> None:
    """What is asked for is taken, and the rest from the config; a config that says the same gives the same."""
    config, chosen = tmp_path_factory.getbasetemp() / "where.toml", asked or stated or "local"
    its = ADDRESSES.get(stated or chosen) if with_one else None
    lines = {"epochs": "1", "backend": stated and f"'{stated}'", "address": its and f"'{its}'"}
    config.write_text("\n".join(f"{key} = {value}" for key, value in lines.items() if value))
    address = ADDRESSES.get(chosen) if given_one else None
    found, plain = [], address or (its if chosen == (stated or chosen) else None)
    for call in (lambda: cluster_for(config, asked, address, None), lambda: choose_cluster(chosen, plain, None)):
        try:
            found.append(call())
        except BadValue as error:
            found.append(str(error).rpartition("': ")[2])
    assert found[0] == found[1]
    assert make_settings(config) == make_settings(epochs=1)  # what is trained hangs on none of it


@pytest.mark.parametrize(
    ("text", "jobs", "said"),
    [
        (
            "epochs = 1\nbackend = 'dask'",
            None,
            "line 2, key 'backend': backend dask needs the address of a cluster",
        ),
        ("backend = 'slurm'", None, "line 1, key 'backend': unknown backend 'slurm'"),
        ("backend = 'ray'\naddress = 'tcp://h:1'", None, "line 2, key 'address': address 'tcp://h:1' is not of"),
        ("address = 'tcp://h:1'", None, "line 1, key 'address': address 'tcp://h:1' names a cluster"),
        ("backend = 'ray'\naddress = 'h:1'", 2, "jobs=2 is for this machine"),
    ],
)
def test_what_a_config_says_wrongly_is_refused_by_its_line(
    tmp_path: Path, text: str, jobs: int | None, said: str
) -> None:
    """File, line and key are named."""
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises((BadValue, UnknownName), match=re.escape(said)):
        cluster_for(tmp_path / "mine.toml", None, None, jobs)
