# SPDX-License-Identifier: Apache-2.0
"""The FAISS index behind the memory: inner products of numbered vectors. FAISS loads when the first vector comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import faiss

Rows = NDArray[np.float32]
Numbers = NDArray[np.int64]


class VectorIndex:
    """Vectors of ``dimensions`` numbers, each known by a number of its own. Not safe to share between threads."""

    def __init__(self, dimensions: int) -> None:
        """Make an empty index."""
        self._dimensions = dimensions
        self._faiss: faiss.IndexIDMap2 | None = None

    def __len__(self) -> int:
        return 0 if self._faiss is None else int(self._faiss.ntotal)

    def add(self, rows: Rows, numbers: Numbers) -> None:
        """Add a row for each of ``numbers``."""
        if self._faiss is None:
            import faiss

            faiss.omp_set_num_threads(1)  # a second thread makes single queries slower
            self._faiss = faiss.IndexIDMap2(faiss.IndexFlatIP(self._dimensions))
        self._faiss.add_with_ids(rows, numbers)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers in the index, in the order of their rows."""
        return () if self._faiss is None else tuple(int(self._faiss.id_map.at(row)) for row in range(len(self)))

    def remove(self, number: int) -> None:
        """Remove the row of ``number``."""
        if self._faiss is not None:
            import faiss

            self._faiss.remove_ids(faiss.IDSelectorRange(number, number + 1))

    def search(self, rows: Rows, count: int) -> tuple[Rows, Numbers]:
        """For each row the ``count`` largest products and their numbers, largest first; -1 where there are none."""
        if self._faiss is None:
            return np.empty((len(rows), 0), dtype=np.float32), np.empty((len(rows), 0), dtype=np.int64)
        products, numbers = self._faiss.search(rows, count)
        return products, numbers
