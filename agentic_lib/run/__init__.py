"""A training run: data, loop, checkpoints, record."""
