"""The model of a bayesian search: the one place that knows the library behind it, bayesian-optimization.

The library keeps the observations, fits its Gaussian process and computes the expected
improvement; asked for the next point, it chooses among the candidates that a search allows.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeAlias, cast

import numpy as np
from bayes_opt import BayesianOptimization
from bayes_opt.acquisition import ExpectedImprovement
from bayes_opt.target_space import TargetSpace
from numpy.random import RandomState
from sklearn.gaussian_process import GaussianProcessRegressor  # type: ignore[import-untyped]
from sklearn.gaussian_process.kernels import Matern, WhiteKernel  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from launchctl.values import JSON

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Coordinates: TypeAlias = tuple[float, ...]
Promise: TypeAlias = Callable[[Sequence[Coordinates]], list[float]]
"""How much better than the best one each of some points is expected to be."""
Choose: TypeAlias = Callable[[Promise], Coordinates]
"""The point of an allowed set that promises most."""

_MOST_SCALES = 24
"""Wider spaces have one length scale for all axes, so that a fit stays cheap."""
_FEW = 100
"""Of so few points the scales are looked for twice: more points leave less to doubt, and a fit takes longer."""
_SCALES = (0.05, 20.0)
_NOISE = (1e-3, (1e-6, 0.3))
"""First guess and bounds of the part of the variance that is noise: no training is measured exactly."""
_LEAST_VARIANCE = 1e-12
_FAR = 5.0
_APART = 5e-4
"""A point as near as that to one that was tried says nothing new: without noise a search would dwell there."""


class _Chosen(ExpectedImprovement):
    """Expected improvement, maximised over points that the search allows."""

    def __init__(self, choose: Choose, best: float, open_points: Sequence[Coordinates]) -> None:
        super().__init__(xi=0.0)
        self._choose = choose
        self._best = best
        self._open = open_points

    def suggest(  # the signature is the library's
        self,
        gp: GaussianProcessRegressor,
        target_space: TargetSpace,
        n_random: int = 0,
        n_smart: int = 0,
        fit_gp: bool = True,  # noqa: FBT001, FBT002
        random_state: int | RandomState | None = None,
    ) -> Array:
        """The point that is chosen by its expected improvement over the best observation, expected ones left aside."""
        process: JSON = gp  # has no types
        self._fit_gp(gp, target_space)
        if self._open:
            for point, expected in zip(self._open, process.predict(np.array(self._open)), strict=True):
                target_space.register(np.array(point), float(expected))
            process.set_params(kernel=process.kernel_, optimizer=None)
            self._fit_gp(gp, target_space)
        self.y_max = self._best  # type: ignore[assignment]
        noise = float(process.kernel_.k2.noise_level)

        def promise(points: Sequence[Coordinates]) -> list[float]:
            candidates = np.array(points)
            mean, deviation = process.predict(candidates, return_std=True)
            # What an improvement is measured by is the value itself, without the noise of measuring it.
            certain = np.sqrt(np.maximum(deviation**2 - noise, _LEAST_VARIANCE))
            gains = self.base_acq(mean, certain) * _are_new(
                candidates, np.asarray(target_space.params, dtype=np.float64)
            )
            return [float(gain) for gain in gains]

        return np.array(self._choose(promise))


def _are_new(candidates: Array, known: Array) -> Array:
    """1 for points that are apart from all that are known, 0 for the others."""
    nearest = np.full(len(candidates), np.inf)
    for point in known:
        nearest = np.minimum(nearest, np.abs(candidates - point).max(axis=1))
    return (nearest >= _APART).astype(np.float64)


def suggest(
    observed: Sequence[Coordinates],
    losses: Sequence[float],
    open_points: Sequence[Coordinates],
    choose: Choose,
    seed: int,
) -> None:
    """Let `choose` take the most promising point, open points having the values that are expected of them."""
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        # Of hyperparameters at their bounds, and of fits that end early: nothing that a user could mend.
        warnings.simplefilter("ignore")
        targets = _targets(losses)
        optimizer = _optimizer(len(observed[0]), len(observed), _Chosen(choose, max(targets), open_points), seed)
        for point, target in zip(observed, targets, strict=True):
            # Not through the optimizer, which writes all that it knows to its log each time.
            optimizer.space.register(np.array(point), target)
        optimizer.suggest()


def _targets(losses: Sequence[float]) -> list[float]:
    """Losses as targets to maximise, with mean 0 and deviation 1; what is far worse than half of them is cut.

    A trial that diverged would otherwise make all the others look alike.
    """
    middle, best = median(losses), min(losses)
    limit = middle + _FAR * (middle - best) if middle > best else math.inf
    cut = np.minimum(losses, limit)
    # What is near the largest number there is has no sum.
    scaled = cut / max(float(np.abs(cut).max()), sys.float_info.min)
    deviation = float(np.std(scaled))
    return [float(value) for value in (np.mean(scaled) - scaled) / (deviation if deviation > 0 else 1.0)]


def _optimizer(width: int, count: int, acquisition: _Chosen, seed: int) -> BayesianOptimization:
    bounds = {_name(axis): (0.0, 1.0) for axis in range(width)}
    optimizer = BayesianOptimization(
        None, bounds, acquisition, random_state=seed, verbose=0, allow_duplicate_points=True
    )
    scales = cast("float", np.ones(width if width <= _MOST_SCALES else 1))
    kernel = Matern(scales, _SCALES, nu=2.5) + WhiteKernel(*_NOISE)
    optimizer.set_gp_params(kernel=kernel, normalize_y=False, n_restarts_optimizer=int(count <= _FEW))
    return optimizer


def _name(axis: int) -> str:
    return f"x{axis:04d}"
