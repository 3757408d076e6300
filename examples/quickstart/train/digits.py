"""The digits, split the same way in every run with the same seed."""

import json
import os
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

CONFIG = json.loads(os.environ["WANDB_CONFIG"])
MODEL = Path(os.environ["ARTIFACTS"]) / "model.joblib"

images, labels = load_digits(return_X_y=True)
train_images, test_images, train_labels, test_labels = train_test_split(
    images / 16, labels, random_state=CONFIG["seed"], stratify=labels
)
