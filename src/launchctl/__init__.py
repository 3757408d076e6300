"""launchctl: training jobs, queues and sweeps as code, reviewed, planned, applied."""

__version__ = "0.1.0"
