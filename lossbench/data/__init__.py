"""Data sets, their splits and their contamination."""

from lossbench.data.catalogue import DatasetRecord as DatasetRecord
from lossbench.data.catalogue import load_dataset as load_dataset
from lossbench.data.catalogue import records as records
from lossbench.data.contamination import KINDS as KINDS
from lossbench.data.contamination import OUTLIER_SIZE as OUTLIER_SIZE
from lossbench.data.contamination import check_fraction as check_fraction
from lossbench.data.contamination import check_kind as check_kind
from lossbench.data.contamination import contaminate as contaminate
from lossbench.data.contamination import default_kind as default_kind
from lossbench.data.dataset import Dataset as Dataset
from lossbench.data.fold import Fold as Fold
from lossbench.data.fold import Part as Part
from lossbench.data.fold import make_fold as make_fold
