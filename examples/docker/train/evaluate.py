"""Measures the model that the run before left, on digits that it has never seen."""

import argparse
import os

import joblib
from digits import load_split, read_config

parser = argparse.ArgumentParser()
parser.add_argument("--digit", type=int, help="also say how well this digit is read")
wanted = parser.parse_args().digit

_, images, _, labels = load_split(read_config())
model = joblib.load(os.environ["MODEL"])
print(f"examples={len(images)}")
print(f"accuracy={model.score(images, labels):.4f}")
if wanted is not None:
    chosen = labels == wanted
    print(f"accuracy_of_{wanted}={model.score(images[chosen], labels[chosen]):.4f}")
