"""Finished trials in one SQLite file, so that a rerun trains only what is missing."""

from lossbench.store.database import remove
from lossbench.store.key import key_of
from lossbench.store.record import Done
from lossbench.store.store import Store, open_store, storage, store_path

__all__ = ["Done", "Store", "key_of", "open_store", "remove", "storage", "store_path"]
