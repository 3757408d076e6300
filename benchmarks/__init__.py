"""What launchctl costs, in time and memory: `python -m benchmarks` prints the table."""
