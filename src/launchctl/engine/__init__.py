"""Compile, plan and apply: what the command line and other programs call."""
