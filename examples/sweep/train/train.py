"""Trains a network with the values of this trial, and reports how good it is after each epoch."""

import json
import os

import numpy
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from launchctl.trial import parameters, report

config = json.loads(os.environ["WANDB_CONFIG"])  # what all trials share, and the values of this one
values = parameters()  # the values of this one alone

images, labels = load_digits(return_X_y=True)
images, test_images, labels, test_labels = train_test_split(
    images.reshape(-1, 8, 8) / 16, labels, random_state=config["seed"], stratify=labels
)
shifts = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]  # each digit five times: as it is, and moved by a pixel
images = numpy.concatenate([numpy.roll(images, shift, axis=(1, 2)) for shift in shifts]).reshape(-1, 64)
labels = numpy.tile(labels, len(shifts))

model = MLPClassifier(
    hidden_layer_sizes=(values["network"]["width"],),
    activation=values["activation"],
    alpha=values["network"]["penalty"],
    batch_size=values["batch_size"],
    learning_rate_init=values["learning_rate"],
    random_state=config["seed"],
)
for epoch in range(1, config["epochs"] + 1):
    model.partial_fit(images, labels, classes=range(10))
    report(epoch=epoch, accuracy=model.score(test_images.reshape(-1, 64), test_labels), loss=model.loss_)
