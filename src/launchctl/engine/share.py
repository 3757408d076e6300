"""What one of several drains takes upon itself: the queues of an agent, and how many attempts at a time."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Share:
    """The part of an agent."""

    address: str
    """Of the agent."""
    queues: frozenset[str]
    """Names of the queues from which it starts; it looks after whatever runs, as every drain does."""
    max_jobs: int | None
    """How many attempts that it has started itself may be active at a time; None is no limit."""
    begun: set[str] = field(default_factory=set[str])
    """Run ids of what this process has begun to start; another process of the same agent counts its own."""

    @property
    def full(self) -> str:
        """What waits for one of its own attempts to end."""
        return f"a place of {self.address} (max_jobs {self.max_jobs})"
