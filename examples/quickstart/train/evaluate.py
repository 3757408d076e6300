"""Says how many digits the classifier recognises among those that it has never seen."""

import joblib
from digits import MODEL, test_images, test_labels

accuracy = joblib.load(MODEL).score(test_images, test_labels)
print(f"accuracy={accuracy:.4f}")
