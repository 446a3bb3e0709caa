"""A brain that answers from a list, for tests and demonstrations."""

from collections.abc import Iterable
from typing import Any

from agentic_lib.brain.brain import SimpleAIBrain


class Script:
    """A list of replies in a model's place."""

    name, default_mode = "the script", "generate"
    description = "a script that a person wrote"

    def __init__(self, replies):
        self.replies = list(replies)

    def generate(self, messages, **_) -> str:
        return self.replies.pop(0)


class ScriptedBrain(SimpleAIBrain):
    """Answers from a list of reply texts.

    Each text is parsed as a model's reply would be, with the rules to fall
    back on. The brain's decisions count as a person's. When the list is used
    up, the rules decide.
    """

    source = "human"

    def __init__(self, replies: Iterable[str], **options: Any) -> None:
        super().__init__(Script(replies), **{"quiet": True, **options})

    def _why_not_ask(self, prompt, actions):
        return None if self.model.replies else "the script is over"
