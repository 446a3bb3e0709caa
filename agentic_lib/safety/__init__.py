"""What the guards stand on: has a run diverged, and its best weights.

Beside the path that the series teaches; imports nothing of the package.
"""
