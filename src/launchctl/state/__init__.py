"""The recorded state: what was decided, what was started and how it ended."""
