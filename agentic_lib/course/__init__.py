"""What the notebooks call: exercises, the classroom, the first cell."""
