"""What users type is annotated; mypy, a step of CI, checks that it is true."""

import importlib
import inspect
import pickle

import pytest

import agentic_lib
from agentic_lib import ACTIONS, RESTORE, Prompt
from agentic_lib.brain.prompt import SYSTEM, USER
from agentic_lib.run.checkpoint import keep

CORE = ("SimpleAIBrain", "AgenticLR", "Metrics", "Decision", "train", "Run")
CALLBACKS = ("integrations.trainer.AgenticTrainerCallback",
             "integrations.lightning.AgenticLightningCallback")


def own(kind):
    """The functions of a class: constructor, public methods, properties; not
    those that dataclasses write, nor the hooks of a framework."""
    for name, item in vars(kind).items():
        if name != "__init__" and name.startswith(("_", "on_")):
            continue
        item = getattr(item, "fget", item)      # a property
        item = getattr(item, "__func__", item)  # a class method
        if inspect.isfunction(item):
            yield item


def functions(thing):
    """What can be called of a public name."""
    if inspect.isclass(thing):
        return list(own(thing))
    return [thing] if inspect.isfunction(thing) else []  # else a constant


def public():
    """Every function behind a name that users type."""
    for name in agentic_lib.__all__:
        yield from functions(getattr(agentic_lib, name))
    yield keep


def untyped(function) -> list[str]:
    """What of it is not annotated."""
    signature = inspect.signature(function)
    return [name for name, parameter in signature.parameters.items()
            if parameter.annotation is parameter.empty
            and name not in ("self", "cls")] + (
                ["return"] if signature.return_annotation
                is signature.empty else [])


@pytest.mark.parametrize("function", list(public()),
                         ids=lambda f: f.__qualname__)
def test_public_names_are_annotated(function):
    assert untyped(function) == []


@pytest.mark.parametrize("path", CALLBACKS)
def test_callbacks_are_annotated(path):
    module, _, name = path.rpartition(".")
    if "lightning" in module:
        pytest.importorskip("lightning")
    kind = getattr(importlib.import_module(f"agentic_lib.{module}"), name)
    assert functions(kind)
    assert {f.__name__: untyped(f) for f in functions(kind)
            if untyped(f)} == {}


@pytest.mark.parametrize("name", [
    "SimpleAIBrain", "Prompt", "plain_rules", "parse_decision",
    "fallback_decision"])
def test_signatures_print_short(name):
    """No default is printed at length: no prompt, no words of an action."""
    signature = inspect.signature(getattr(agentic_lib, name))
    shown = [str(p) for p in signature.parameters.values()]
    assert max(map(len, shown)) < 160
    assert "halve" not in str(signature)
    assert "one short reason" not in str(signature)


def test_the_four_actions_are_still_a_tuple():
    four = tuple(ACTIONS)
    assert ACTIONS == four and hash(ACTIONS) == hash(four)
    assert isinstance(ACTIONS, tuple) and ACTIONS[1:] == four[1:]
    assert type(ACTIONS[::-1]) is type((*ACTIONS, RESTORE)) is tuple
    assert pickle.loads(pickle.dumps(ACTIONS)) == four
    assert repr(ACTIONS) == ("(continue, reduce_learning_rate, "
                             "increase_learning_rate, stop_training)")


def test_a_prompt_has_its_texts_and_can_be_typed_again():
    prompt = Prompt()
    assert (prompt.system, prompt.user) == (SYSTEM, USER)
    assert eval(repr(prompt)) == prompt == Prompt(SYSTEM, USER)


def test_dir_shows_the_core():
    shown = set(dir(agentic_lib)) - {"__all__", "__version__"}
    assert set(CORE) <= shown and len(shown) < 16
    assert shown < set(agentic_lib.__all__)
    assert set(agentic_lib.__all__[:len(shown)]) == shown
