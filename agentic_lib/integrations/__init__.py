"""Where the package meets others: servers, transformers.Trainer, Lightning.

Nothing is imported here: each module needs something of its own.
"""
