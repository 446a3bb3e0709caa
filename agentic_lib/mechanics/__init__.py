"""The mechanics under a controller: rates, weights, numbers, processes.

What the series shows from outside only. Nothing here knows of a decision, and
nothing is imported from the folders above but the messages.
"""
