"""What the notebooks call: exercises, experiments, the classroom."""
