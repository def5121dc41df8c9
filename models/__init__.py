"""NumPy learners as scikit-learn estimators: the networks of a first deep-learning course."""
