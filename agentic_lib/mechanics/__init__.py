"""The mechanics under a controller: rates, weights, counting, processes.

The series shows these only from the outside. The modules here make no
decisions, and import nothing from the folders above.
"""
