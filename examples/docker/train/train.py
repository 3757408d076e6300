"""Learns to read digits and leaves the model for the next run."""

import os

import joblib
from digits import load_split, read_config
from sklearn.svm import SVC

config = read_config()
images, _, labels, _ = load_split(config)
model = SVC(gamma=config["model"]["gamma"], C=config["model"]["C"]).fit(images, labels)
joblib.dump(model, os.environ["MODEL"])
print(f"examples={len(images)}")
print(f"training_accuracy={model.score(images, labels):.4f}")
