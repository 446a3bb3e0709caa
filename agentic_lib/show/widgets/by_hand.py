"""A view in which a person makes decisions, as the brain would.

Knows nothing about when a decision is due.
"""

from functools import partial

from agentic_lib.brain.decision import Decision
from agentic_lib.brain.prompt import Prompt
from agentic_lib.show.widgets.front_end import View, button


class ByHand(View):
    """A view on `self.training`; `on_decision(name)` answers its buttons."""

    @property
    def run(self):
        """The Run so far."""
        return self.training.run

    def buttons(self) -> list:
        """One button for every action."""
        return [button(action.name, partial(self.on_decision, action.name))
                for action in self.training.controller.actions]

    def question(self) -> str:
        """What a brain would read now."""
        controller = self.training.controller
        return Prompt().messages(controller.history, controller.actions,
                                 controller.every)[1]["content"]

    def human(self, name, reason) -> Decision:
        """A person's decision, on the question that a brain would get."""
        return Decision(name, reason, source="human", prompt=self.question())

    def decide(self, decision) -> Decision:
        """Applies a decision, whoever made it."""
        return self.training.controller.apply(decision)
