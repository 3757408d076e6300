"""What the lease of deciders must hold to, whatever keeps the state."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from state_opened import DEAD, Clock, OpenedStates
from state_records import (
    HEAD,
    NOW,
    start,
)

from launchctl.errors import StateLocked
from launchctl.state.store import (
    StateStore,
)


class LeasingContract(OpenedStates):
    """One holder at a time, and no write of a former one."""

    def test_held_lease_is_refused_by_owner_and_age(
        self, store: StateStore, reopen: Callable[[], StateStore], clock: Clock
    ) -> None:
        with store.lease("ada@box pid=4711 started=12 host=0123456789abcdef"):
            clock.now += 14
            with pytest.raises(StateLocked, match=r"ada@box \(process 4711\), since 14 s"), reopen().lease("bob"):
                pass

    def test_same_owner_does_not_hold_it_twice(self, store: StateStore, reopen: Callable[[], StateStore]) -> None:
        with store.lease("ada"), pytest.raises(StateLocked), reopen().lease("ada"):
            pass

    def test_lease_is_given_back(self, store: StateStore) -> None:
        with store.lease("ada") as first:
            pass
        with store.lease("bob") as second:
            assert second.took_over_from is None
            assert second.fence > first.fence

    def test_lease_is_given_back_after_an_error(self, store: StateStore) -> None:
        with pytest.raises(ZeroDivisionError), store.lease("ada"):
            raise ZeroDivisionError
        assert store.lease_info() is None

    def test_expired_lease_is_taken_over_and_its_owner_told(
        self, store: StateStore, reopen: Callable[[], StateStore], clock: Clock
    ) -> None:
        with store.lease("ada") as old:
            clock.now += 61
            other = reopen()
            with other.lease("bob") as new:
                assert new.took_over_from == "ada"
                with pytest.raises(StateLocked, match="taken over by bob"):
                    store.decide(old, 0, start("a"))
                assert other.decide(new, 0, start("b")) == 1
        assert list(store.load().runs) == ["runs.b"]

    def test_late_holder_does_not_give_back_the_lease_of_another(
        self, store: StateStore, reopen: Callable[[], StateStore], clock: Clock
    ) -> None:
        other = reopen()
        with store.lease("ada"):
            clock.now += 61
            taken = other.lease("bob")
            lease = taken.__enter__()
        assert other.decide(lease, 0, start("a")) == 1
        taken.__exit__(None, None, None)

    def test_lease_of_a_dead_process_of_this_host_is_free_at_once(
        self, store: StateStore, reopen: Callable[[], StateStore]
    ) -> None:
        with store.lease(DEAD), reopen().lease("bob") as lease:
            assert lease.took_over_from == DEAD

    def test_heartbeat_keeps_the_lease(self, tmp_path: Path) -> None:
        store, other = (self.open_at(tmp_path, time.time, 1.5) for _ in range(2))
        store.create(HEAD)
        with store.lease("ada"):
            until = time.monotonic() + 2.5
            while time.monotonic() < until:
                with pytest.raises(StateLocked), other.lease("bob"):
                    pass
                time.sleep(0.05)
        store.close()
        other.close()

    def test_lease_info_names_the_holder(self, store: StateStore, clock: Clock) -> None:
        with store.lease("ada") as lease:
            info = store.lease_info()
            assert info is not None
            assert (info.owner, info.since, info.expires_at, info.fence) == ("ada", NOW, NOW + 60, lease.fence)
        assert store.lease_info() is None

    def test_broken_lease_decides_nothing_more(self, store: StateStore, reopen: Callable[[], StateStore]) -> None:
        with store.lease("ada") as lease:
            broken = reopen().break_lease()
            assert broken is not None
            assert broken.owner == "ada"
            with pytest.raises(StateLocked, match="broken"):
                store.decide(lease, 0, start("a"))
        assert store.break_lease() is None

    def test_heartbeat_leaves_the_lease_of_another_alone(self, tmp_path: Path) -> None:
        store, other = (self.open_at(tmp_path, time.time, 0.3) for _ in range(2))
        store.create(HEAD)
        with store.lease("ada"):
            other.break_lease()
            with other.lease("bob"):
                before = other.lease_info()
                assert before is not None
                time.sleep(0.4)
                after = store.lease_info()
                assert after is not None
                assert (after.owner, after.fence) == ("bob", before.fence)
        store.close()
        other.close()
