"""A language model as a decision model in the sense of transformers 5.23+.

Writes `decision.json` and `decision_template.jinja` beside the weights, so
that `pipeline("decision", model=folder)` and `transformers serve folder` read
the same tokens and give the same probabilities. Also makes requests in the
System One format, which both understand. Needs no new transformers itself,
and knows nothing about training: it gets messages, names and meanings.

The labels in `decision.json` go by position: the first is read for the first
option of a request, and so on. A saved model therefore lists its names in
alphabetical order, and so do requests. The template refuses any other list,
since the answers would carry the wrong names. The model sees the options in
the order of the system message.
"""

import json
import re
from pathlib import Path

from agentic_lib.models.taught import write_taught

QUESTION = "action"


def decision_request(messages: list[dict], options: dict,
                     order: list[str] | None = None) -> dict:
    """A System One request: chat messages, and the possible answers.

    messages  the last one holds the state, those before it the instructions
    options   {name: meaning}; a meaning may be None
    order     the names in the request's order; None sorts them alphabetically,
              as a saved model needs. May hold names that `options` lacks.
    """
    return {
        "state": messages[-1]["content"],
        "questions": {QUESTION: {
            "type": "choice",
            "instructions": "\n\n".join(
                message["content"] for message in messages[:-1]),
            "criteria": {name: options.get(name)
                         for name in order or sorted(options)},
        }},
    }


def save_decision_model(model, folder, names: list[str],
                        taught: dict | None = None) -> Path:
    """Saves weights, tokenizer, brain.json and the two decision files.

    model   a LanguageModel
    names   every option that it may be asked about, in any order
    taught  the fields of brain.json
    Raises ValueError for a model without weights of its own, and if two names
    begin with the same token: a decision model reads one token for each.
    """
    if not hasattr(model, "network"):
        raise ValueError(f"{getattr(model, 'name', 'The rules')} cannot be "
                         "saved: there are no weights here.")
    folder, taught = Path(folder), taught or {}
    labels = first_labels(model, sorted(names))
    model.network.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    write_taught(folder, **{**taught, "mode": "score"})
    config = {
        "labels": {"choice": labels},
        "temperature": {"choice": taught.get("temperature", 1.0)},
        "noul_options": ["true", "false"],
        "sanitize_control_tokens": True,
        "adapter": None,
    }
    (folder / "decision.json").write_text(
        json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "decision_template.jinja").write_text(
        decision_template(model, names), encoding="utf-8")
    return folder


def first_labels(model, names: list[str]) -> list[str]:
    """The text of the first token of each name, in the names' order."""
    tokens = [model.name_tokens(name)[0] for name in names]
    labels = [model.tokenizer.decode([token]) for token in tokens]
    for name, token, label in zip(names, tokens, labels):
        again = model.tokenizer(label, add_special_tokens=False)["input_ids"]
        if again != [token] or tokens.count(token) > 1:
            raise ValueError(
                f"{name!r} does not begin with a token of its own "
                f"({label!r}): this tokenizer and these names make no "
                "decision model. Rename the action.")
    return labels


def decision_template(model, names: list[str]) -> str:
    """The chat, rendered with holes for a request's texts.

    It refuses requests whose options are not `names` in alphabetical order.
    """
    text = model.render([
        {"role": "system", "content": "<<instructions>>"},
        {"role": "user", "content": "<<state>>"}])
    holes = {
        "<<instructions>>": "{{- question.instructions -}}",
        "<<state>>": "{{- state if state is string else state|tojson -}}",
    }
    marks = "|".join(map(re.escape, holes))
    parts, found = re.split(marks, text), re.findall(marks, text)
    return refusal(names) + literal(parts[0]) + "".join(
        holes[mark] + literal(part) for mark, part in zip(found, parts[1:]))


def refusal(names) -> str:
    """Jinja that raises an error for options other than these."""
    names = sorted(names)
    why = json.dumps("This model answers for these options, in this order: "
                     + ", ".join(names) + ".")
    return ("{%- if question.options != " + json.dumps(names) + " -%}"
            "{{- raise_exception(" + why + ") -}}{%- endif -%}")


def literal(text) -> str:
    """Text as a Jinja expression: nothing in it is read as Jinja, and no
    line end is trimmed."""
    return "{{- " + json.dumps(text, ensure_ascii=False) + " -}}"
