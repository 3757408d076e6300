"""Searching: which trials a sweep has, which comes next, which is stopped, and what a metric said. Pure."""
