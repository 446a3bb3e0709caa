"""The brain as what transformers (5.23 on) calls a decision model.

Writes `decision.json` and `decision_template.jinja` beside the weights, so
that `pipeline("decision", model=folder)` and `transformers serve` read the
same tokens and answer with the same probabilities; and makes requests in the
System One format that they understand. Needs no such transformers itself.
"""

import json
import re
from pathlib import Path

from agentic_lib.brain.decision import ACTIONS
from agentic_lib.brain.prompt import Prompt
from agentic_lib.models.taught import write_taught

QUESTION = "action"


def decision_request(messages, options) -> dict:
    """A System One request for the chat messages of a Prompt.

    options  {action name: meaning}
    """
    return {
        "state": messages[-1]["content"],
        "questions": {QUESTION: {
            "type": "choice",
            "instructions": "\n\n".join(
                message["content"] for message in messages[:-1]),
            "criteria": dict(options),
        }},
    }


def request_for(history, actions=ACTIONS, every=5, prompt=None) -> dict:
    """`decision_request` for a history of Metrics."""
    messages = (prompt or Prompt()).messages(history, actions, every)
    return decision_request(messages, meanings(actions))


def meanings(actions) -> dict[str, str]:
    """{action name: its line in the prompt, without the name}."""
    return {action.name: action.line.partition(": ")[2] for action in actions}


def save_brain(brain, folder, every=5) -> Path:
    """Saves weights, tokenizer, brain.json and the two decision files.

    Raises ValueError for a brain without weights of its own, and where two
    names begin with the same token: a decision model reads one for each.
    """
    if not hasattr(brain.model, "network"):
        raise ValueError(f"{brain.name} has no weights that can be saved.")
    folder = Path(folder)
    labels = first_labels(brain.model, brain.actions)
    brain.model.network.save_pretrained(folder)
    brain.model.tokenizer.save_pretrained(folder)
    write_taught(folder, **{**brain.taught, "mode": "score"})
    config = {
        "labels": {"choice": labels},
        "temperature": {"choice": brain.taught.get("temperature", 1.0)},
        "noul_options": ["true", "false"],
        "sanitize_control_tokens": True,
        "adapter": None,
    }
    (folder / "decision.json").write_text(
        json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "decision_template.jinja").write_text(
        decision_template(brain.model, brain.prompt, every),
        encoding="utf-8")
    return folder


def first_labels(model, actions) -> list[str]:
    """The text of the first token of each name, in the actions' order."""
    tokens = [model.name_tokens(action.name)[0] for action in actions]
    labels = [model.tokenizer.decode([token]) for token in tokens]
    for action, token, label in zip(actions, tokens, labels):
        again = model.tokenizer(label, add_special_tokens=False)["input_ids"]
        if again != [token] or tokens.count(token) > 1:
            raise ValueError(
                f"{action.name!r} does not begin with a token of its own "
                f"({label!r}): this tokenizer and these names make no "
                "decision model. Rename the action.")
    return labels


def decision_template(model, prompt, every=5) -> str:
    """The chat, rendered with holes where a request's texts belong."""
    system = prompt.system.format(actions="<<actions>>", every=every)
    text = model.render([
        {"role": "system", "content": system},
        {"role": "user", "content": "<<state>>"}])
    holes = {
        "<<actions>>": (
            "{%- for option in question.options -%}"
            "{{- '- ' ~ option ~ ': ' ~ question.descriptions[loop.index0]"
            " ~ ('' if loop.last else '\\n') -}}"
            "{%- endfor -%}"),
        "<<state>>": "{{- state if state is string else state|tojson -}}",
    }
    parts = re.split("|".join(map(re.escape, holes)), text)
    found = re.findall("|".join(map(re.escape, holes)), text)
    return literal(parts[0]) + "".join(
        holes[mark] + literal(part) for mark, part in zip(found, parts[1:]))


def literal(text) -> str:
    """Text as a Jinja expression: nothing in it is read as Jinja, and no
    line end is trimmed."""
    return "{{- " + json.dumps(text, ensure_ascii=False) + " -}}"
