"""Sweeps in the engine: planned and decided as a whole, drawn trial by trial, measured, stopped early, reported."""
