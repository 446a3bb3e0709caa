"""Log-probabilities of the names -> probabilities to decide on.

Corrects two habits of a small model: a liking for one name, whatever the
metrics say, and a liking for the option that is named first. Knows nothing
about how the log-probabilities were computed.
"""

import math

from agentic_lib.brain.decision import check_actions, meanings

CLOSE = 0.2  # two best closer than this: ask in the other order too
CONTENT_FREE = "Nothing was measured yet.\nWhich action?"


def probabilities(model, prompt, histories, actions, every=5,
                  calibrate=False, both_orders=True, temperature=1.0,
                  asked=None) -> list[dict[str, float]]:
    """[{action name: probability}] for each history. Each sums to 1.

    model        anything with score(messages, options) and score_many
    prompt       what writes the messages: a Prompt, or a brain
    calibrate    divides out the prior: what the model prefers when it is
                 shown no metrics (contextual calibration, Zhao et al. 2021)
    both_orders  if the two best are close, asks again with the options in
                 reverse order and takes the mean
    temperature  scores are divided by it: above 1 makes the model less sure
    asked        the histories' prompts, if they have been written already
    """
    actions = check_actions(actions)

    def ask(histories, actions, asked=None):
        asked = asked or [prompt.messages(h, actions, every)
                          for h in histories]
        options = meanings(actions)
        prior = dict.fromkeys(options, 0.0)
        if calibrate:
            nothing = {"role": "user", "content": CONTENT_FREE}
            prior = model.score([asked[0][0], nothing], options)
        return [softmax({name: (row[name] - prior[name]) / temperature
                         for name in options})
                for row in model.score_many(asked, options)]

    table = ask(histories, actions, asked)
    close = [i for i, row in enumerate(table)
             if both_orders and margin(row) < CLOSE]
    if close:
        again = ask([histories[i] for i in close], actions[::-1])
        for i, other in zip(close, again):
            table[i] = {name: (p + other[name]) / 2
                        for name, p in table[i].items()}
    return table


def softmax(scores) -> dict[str, float]:
    """Log-probabilities -> probabilities that sum to 1."""
    highest = max(scores.values())
    powers = {name: math.exp(x - highest) for name, x in scores.items()}
    total = sum(powers.values())
    return {name: power / total for name, power in powers.items()}


def margin(row) -> float:
    """How far the best lies above the second best."""
    second, best = sorted(row.values())[-2:]
    return best - second


def say_probabilities(row) -> str:
    """The probabilities in a sentence, in place of a reason nobody wrote."""
    ranked = sorted(row.items(), key=lambda item: -item[1])
    return "No reason was written; the model's probabilities: " + ", ".join(
        f"{name} {p:.0%}" for name, p in ranked) + "."
