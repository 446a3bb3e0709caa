"""The controller in other frameworks: transformers.Trainer, Lightning.

RECIPES.md, next to this file, has two lines for each. A callback is imported
when it is first used, because it needs its framework.
"""

import importlib

_HOME = {"AgenticTrainerCallback": "trainer",
         "AgenticLightningCallback": "lightning"}
__all__ = list(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"agentic_lib.integrations has no {name!r}. It "
                             f"has: {', '.join(__all__)}.")
    module = importlib.import_module(f"{__name__}.{_HOME[name]}")
    return getattr(module, name)
