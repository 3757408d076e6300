"""What every place that keeps a state must hold to: inherit `StateContract` and say how one is opened."""

from __future__ import annotations

from state_deciding import DecidingContract
from state_draining import DrainingContract
from state_leasing import LeasingContract
from state_measuring import MeasuringContract
from state_reading import ReadingContract
from state_sweeping import SweepingContract


class StateContract(
    DecidingContract, LeasingContract, DrainingContract, SweepingContract, MeasuringContract, ReadingContract
):
    """All of it."""
