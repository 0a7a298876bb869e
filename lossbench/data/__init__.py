"""Data sets, their splits and their contamination."""

from lossbench.data.catalogue import load_dataset, records
from lossbench.data.contamination import KINDS, contaminate
from lossbench.data.dataset import Dataset
from lossbench.data.fold import Fold, make_fold

__all__ = ["KINDS", "Dataset", "Fold", "contaminate", "load_dataset", "make_fold", "records"]
