"""A small language model steers the training of a neural network.

Lazy: `import agentic_lib` loads neither torch nor transformers. The first use
of a name imports the module that it lives in.
"""

import importlib

__version__ = "0.2.0"

# name -> module. One line for every name that users type: first the core,
# which is all that `dir(agentic_lib)` shows, then the rest.
_CORE = {
    "SimpleAIBrain": "brain.brain",
    "AgenticLR": "control.controller",
    "Guards": "control.guards",
    "RESTORE": "control.guards",
    "COOL_DOWN": "control.guards",
    "Metrics": "brain.decision",
    "Decision": "brain.decision",
    "train": "run.training",
    "Training": "run.training",
    "Run": "run.record",
    "load_data": "run.data",
    "plot_run": "show.plots",
    "write_report": "show.report",
}
_HOME = _CORE | {
    "Action": "brain.decision",
    "ACTIONS": "brain.decision",
    "Prompt": "brain.prompt",
    "PRESETS": "show.presets",
    "parse_decision": "brain.parser",
    "fallback_decision": "brain.fallback",
    "plain_rules": "lab.plain_rules",
    "LanguageModel": "models.language_model",
    "ScriptedBrain": "course.scripted",
    "make_model": "run.trainees",
    "save_figure": "show.plots",
    "plot_decision_map": "show.decision_map",
    "what_if": "show.branching",
    "plot_what_if": "show.branching",
    "PromptLab": "show.widgets",
    "LiveTraining": "show.widgets",
    "YouAgainstTheBrain": "show.widgets",
    "Replay": "show.widgets",
    "silence": "messages",
}
__all__ = list(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"agentic_lib has no {name!r}. It has: "
                             f"{', '.join(__all__)}.")
    module = importlib.import_module(f"agentic_lib.{_HOME[name]}")
    return getattr(module, name)


def __dir__():
    return [*_CORE, "__all__", "__version__"]
