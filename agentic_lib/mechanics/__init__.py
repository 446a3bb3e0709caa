"""The mechanics under a controller: rates, weights, counting, processes.

The series shows these from outside only. Nothing here knows of a decision, and
nothing is imported from the folders above.
"""
