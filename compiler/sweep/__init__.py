"""Sweeps in the language: what a search space is, what is wrong with one, and what a trial of it runs."""
