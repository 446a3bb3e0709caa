"""Language models: load, ask, score. Knows nothing about training."""
