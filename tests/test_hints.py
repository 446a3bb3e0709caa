"""What users type is annotated; mypy, a step of CI, checks that it is true."""

import inspect

import pytest

import agentic_lib
from agentic_lib import Run, Training, load_data, make_model, train
from agentic_lib.integrations import AgenticTrainerCallback
from agentic_lib.run.checkpoint import keep

CORE = ("SimpleAIBrain", "AgenticLR", "Metrics", "Decision", "train", "Run")


def own_methods(kind):
    """Its constructor and public methods; not the hooks of a framework."""
    return [item for name, item in vars(kind).items()
            if inspect.isfunction(item) and (
                name == "__init__" or not name.startswith(("_", "on_")))]


@pytest.mark.parametrize("function", [
    train, keep, load_data, make_model, *own_methods(Training),
    *own_methods(Run), AgenticTrainerCallback.__init__,
    AgenticTrainerCallback.state], ids=lambda f: f.__qualname__)
def test_public_names_are_annotated(function):
    signature = inspect.signature(function)
    untyped = [name for name, parameter in signature.parameters.items()
               if parameter.annotation is parameter.empty and name != "self"]
    assert untyped == []
    assert signature.return_annotation is not signature.empty


def test_dir_shows_the_core():
    shown = set(dir(agentic_lib)) - {"__all__", "__version__"}
    assert set(CORE) <= shown and len(shown) < 16
    assert shown < set(agentic_lib.__all__)
    assert set(agentic_lib.__all__[:len(shown)]) == shown
