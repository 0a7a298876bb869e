"""Sources as BibTeX: of the methods listed here, and of losses and data sets by their records."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from lossbench.report.escape import latex

METHODS = {
    "adam": "Kingma and Ba (2015), Adam: a method for stochastic optimization, ICLR",
    "adamw": "Loshchilov and Hutter (2019), Decoupled weight decay regularization, ICLR",
    "momentum": "Polyak (1964), Some methods of speeding up the convergence of iteration methods, "
    "USSR Computational Mathematics and Mathematical Physics 4",
    "es": "Rechenberg (1973), Evolutionsstrategie: Optimierung technischer Systeme nach Prinzipien der "
    "biologischen Evolution, Frommann-Holzboog",
    "cosine": "Loshchilov and Hutter (2017), SGDR: stochastic gradient descent with warm restarts, ICLR",
    "clip": "Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks, ICML",
    "early end": "Prechelt (1998), Early stopping, but when?, Neural Networks: Tricks of the Trade",
    "contamination": "Huber (1964), Robust estimation of a location parameter, Ann. Math. Statist. 35, section 1",
    "holm": "Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6",
    "gatekeeping": "Dmitrienko, Tamhane and Wiens (2008), General multistage gatekeeping procedures, "
    "Biometrical Journal 50",
    "equivalence": "Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach "
    "for assessing the equivalence of average bioavailability, J. Pharmacokinet. Biopharm. 15",
    "seeds": "Nadeau and Bengio (2003), Inference for the generalization error, Machine Learning 52",
    "rows": "Cameron, Gelbach and Miller (2011), Robust inference with multiway clustering, "
    "J. Bus. Econ. Statist. 29",
    "trained": "Bates, Hastie and Tibshirani (2024), Cross-validation: what does it estimate and how well does it "
    "do it?, J. Amer. Statist. Assoc. 119",
    "freedom": "Satterthwaite (1946), An approximate distribution of estimates of variance components, "
    "Biometrics Bulletin 2",
    "letters": "Piepho (2004), An algorithm for a letter-based representation of all-pairwise comparisons, "
    "J. Comput. Graph. Statist. 13",
    "data sets": "Demšar (2006), Statistical comparisons of classifiers over multiple data sets, JMLR 7",
    "wilcoxon": "Wilcoxon (1945), Individual comparisons by ranking methods, Biometrics Bulletin 1",
    "pairs": "Benavoli, Corani and Mangili (2016), Should we really use post-hoc tests based on mean-ranks?, "
    "JMLR 17",
    "skill": "Agarwal, Schwarzer, Castro, Courville and Bellemare (2021), Deep reinforcement learning at the edge "
    "of the statistical precipice, NeurIPS",
    "survival": "Kaplan and Meier (1958), Nonparametric estimation from incomplete observations, "
    "J. Amer. Statist. Assoc. 53",
    "torch": "Paszke and others (2019), PyTorch: an imperative style, high-performance deep learning library, "
    "NeurIPS",
    "scikit-learn": "Pedregosa and others (2011), Scikit-learn: machine learning in Python, JMLR 12",
}
"""Sources of the methods of lossbench, in the form used in records: authors (year), title, where."""

SOURCE = re.compile(
    r"""(?:[^()\d:]*(?::\ |\bas\ in\ ))?    # how it is used
    (?P<authors>[^()\d:]+?)\ \(?(?P<year>\d{4})\)?,\ (?P<title>.+?)
    (?:,\ (?P<where>[^,]+(?:,\ section\ [\d.]+)?))?""",
    re.VERBOSE,
)
"""A source in a record."""


@dataclass(frozen=True)
class Source:
    """A work that can be cited."""

    authors: tuple[str, ...]
    year: str
    title: str
    where: str

    @property
    def key(self) -> str:
        """The BibTeX key: first author, year, and the first long word of the title.

        Example:
            >>> read_source(METHODS["data sets"]).key
            'demsar2006statistical'
        """
        words = [word for word in _plain(self.title).split() if len(word) > 3]
        return f"{_plain(self.authors[0]).replace(' ', '')}{self.year}{words[0] if words else ''}"

    @property
    def entry(self) -> str:
        """The BibTeX entry."""
        fields = {
            "author": " and ".join(f"{{{latex(one)}}}" if " " in one else latex(one) for one in self.authors),
            "year": self.year,
            "title": f"{{{latex(self.title)}}}",
            "howpublished": latex(self.where),
        }
        lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value]
        return f"@misc{{{self.key},\n{''.join(lines)}}}\n"


def read_source(text: str) -> Source | None:
    """Read a source from the text of a record; None if it has no authors and year.

    Example:
        >>> read_source("Lin and He (2017), Focal loss, ICCV, section 3")
        Source(authors=('Lin', 'He'), year='2017', title='Focal loss', where='ICCV, section 3')
    """
    found = SOURCE.fullmatch(text.rstrip("."))
    if found is None:
        return None
    authors = tuple(re.split(r", | and ", found["authors"]))
    return Source(authors, found["year"], found["title"], found["where"] or "")


def read_sources(text: str) -> Iterator[Source]:
    """Yield the sources that a record names."""
    yield from filter(None, map(read_source, text.split("; ")))


def _plain(text: str) -> str:
    """Return a text in lower-case ASCII letters, digits and blanks."""
    bare = unicodedata.normalize("NFKD", text.replace("ø", "o")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", " ", bare).strip()
