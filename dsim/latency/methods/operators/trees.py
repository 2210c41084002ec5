"""A forest of regression trees as plain arrays: grown by scikit-learn, kept without pickle, run by numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray

DIGITS = 6  # after the point, of logs and of weights


@dataclass(frozen=True)
class Forest:
    """Trees one after another; a node's children are positions in the whole arrays, a leaf is its own child.

    Attributes
    ----------
    feature, left, right
        (nodes,) int32.
    threshold
        (nodes,) float32: left if not above.
    value
        (nodes,) float32.
    roots
        (trees,) int32 positions of the roots.
    depth
        Steps after which every row has reached its leaf.
    """

    feature: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    threshold: NDArray[np.float32]
    value: NDArray[np.float32]
    roots: NDArray[np.int32]
    depth: int

    def predict(self, x: FloatArray) -> FloatArray:
        """Return what each tree says (N, trees) of rows (N, D)."""
        rows = np.asarray(x, dtype=np.float32)
        at = np.tile(self.roots, (len(rows), 1))
        row = np.arange(len(rows))[:, None]
        for _ in range(self.depth):
            above = rows[row, self.feature[at]] > self.threshold[at]
            at = np.where(above, self.right[at], self.left[at])
        return self.value[at].astype(np.float64)


def grow(
    x: FloatArray, y: FloatArray, weight: FloatArray, trees: int, leaf: int, share: float, seed: int
) -> Forest:
    """Grow extremely randomised trees (Geurts et al., doi 10.1007/s10994-006-6226-1).

    Targets and weights lose the digits that are rounding first: where two splits part the rows alike, the better one would
    be told by these, and another processor would grow other trees.

    Parameters
    ----------
    x, y, weight
        (N, D) rows, (N,) targets, (N,) weights.
    trees
        How many.
    leaf
        Fewest rows in a leaf.
    share
        Share of the features that a split chooses from.
    seed
        Of the random splits; the same gives the same forest.
    """
    from sklearn.ensemble import (
        ExtraTreesRegressor,  # slow to import, and only needed where there is no cache
    )

    model = ExtraTreesRegressor(trees, min_samples_leaf=leaf, max_features=share, random_state=seed)
    target, heavy = np.round(y, DIGITS), np.round(weight / weight.max(), DIGITS)
    model.fit(np.asarray(x, dtype=np.float32), target, sample_weight=heavy)
    parts = [tree.tree_ for tree in model.estimators_]
    roots = np.cumsum([0, *[part.node_count for part in parts[:-1]]]).astype(np.int32)
    left, right, feature = [], [], []
    for root, part in zip(roots, parts, strict=True):
        own = np.arange(part.node_count)
        leaf_at = part.children_left < 0
        left.append(root + np.where(leaf_at, own, part.children_left))
        right.append(root + np.where(leaf_at, own, part.children_right))
        feature.append(np.where(leaf_at, 0, part.feature))
    return Forest(
        np.concatenate(feature).astype(np.int32),
        np.concatenate(left).astype(np.int32),
        np.concatenate(right).astype(np.int32),
        np.concatenate([part.threshold for part in parts]).astype(np.float32),
        np.concatenate([part.value[:, 0, 0] for part in parts]).astype(np.float32),
        roots,
        max(part.max_depth for part in parts),
    )
