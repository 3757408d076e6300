"""Trains a classifier and keeps it for other runs."""

import joblib
from digits import CONFIG, MODEL, train_images, train_labels
from sklearn.svm import SVC

model = SVC(C=CONFIG["C"], gamma=CONFIG["gamma"]).fit(train_images, train_labels)

MODEL.parent.mkdir(exist_ok=True)
joblib.dump(model, MODEL)
print(f"trained on {len(train_images)} digits with C={CONFIG['C']} and gamma={CONFIG['gamma']}")
