"""The handwritten digits that ship inside scikit-learn, split alike in both runs."""

import json
import os

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def read_config():
    """The run's configuration, as launchctl hands it over."""
    return json.loads(os.environ["WANDB_CONFIG"])


def load_split(config):
    """Images and labels to learn from, then those to be measured by."""
    data = load_digits()
    return train_test_split(
        data.data, data.target, test_size=config["test_share"], random_state=config["seed"], stratify=data.target
    )
