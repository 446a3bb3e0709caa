"""A small language model steers the training of a neural network.

Lazy: `import agentic_lib` loads neither torch nor transformers. The first use
of a name imports the module that it lives in.
"""

import importlib

__version__ = "0.1.0"

# name -> module. One line for every name that users type.
_HOME = {
    "Action": "decision",
    "Metrics": "decision",
    "Decision": "decision",
    "ACTIONS": "decision",
    "Prompt": "prompt",
    "PRESETS": "presets",
    "parse_decision": "parser",
    "fallback_decision": "fallback",
    "plain_rules": "fallback",
    "LanguageModel": "language_model",
    "SimpleAIBrain": "brain",
    "ScriptedBrain": "scripted",
    "AgenticLR": "controller",
    "Guards": "guards",
    "Run": "record",
    "Training": "training",
    "train": "training",
    "load_data": "data",
    "make_model": "trainees",
    "plot_run": "plots",
    "save_figure": "plots",
    "plot_decision_map": "decision_map",
    "what_if": "branching",
    "plot_what_if": "branching",
    "write_report": "report",
    "PromptLab": "widgets",
    "LiveTraining": "widgets",
    "YouAgainstTheBrain": "widgets",
    "Replay": "widgets",
}
__all__ = sorted(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"agentic_lib has no {name!r}. It has: "
                             f"{', '.join(__all__)}.")
    module = importlib.import_module(f"agentic_lib.{_HOME[name]}")
    return getattr(module, name)


def __dir__():
    return sorted([*__all__, "__version__"])
