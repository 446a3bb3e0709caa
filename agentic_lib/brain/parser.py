"""The reply of a language model -> Decision, or None if it holds no decision.

Knows nothing about prompts, models or metrics: it reads text, and all that it
knows about the actions is in their records. The words that replies use are in
wording.py; here are the steps:

1. `without_thinking`  drop <think> blocks
2. `plain_text`        Markdown, JSON and tags become lines of plain text
3. `mend_names`        correct a name that is misspelt or cut off
4. `mentions`          find every action in every sentence, unless refused
5. `without_echoes`    drop a list that names every action once
6. `parse_decision`    the clearest kind of mention must name one action

It never guesses: two actions left over are as good as none.
"""

import re
import unicodedata
from collections.abc import Sequence
from os.path import commonprefix
from typing import NamedTuple

from agentic_lib.brain.decision import ACTIONS, Action, Decision, check_actions
from agentic_lib.brain.wording import (
    JOINED, JOINT, LABELLED, MARKER, ONE_WORD, PLAIN, QUALIFIER, REASON,
    REASON_END, SENTENCE_END, WORD, head, is_sure, last_clause, patterns,
    refused, tokens)

LIMIT = 4000  # characters read at either end of a reply
NO_REASON = "The model gave no reason."


class Mention(NamedTuple):
    """An action found in the text.

    weight  2 in a final answer, 1 in an answer or at the head of a line,
            0 in running text
    sure    False for a stop that may not be meant: it is no decision, but
            enough to cast doubt on another one
    """

    action: Action
    start: int
    end: int
    sure: bool = True
    weight: int = 0


def parse_decision(
        reply: str, actions: Sequence[Action] = ACTIONS) -> Decision | None:
    """The decision that a reply holds, or None.

    reply    what the model wrote; the Decision keeps it untouched
    actions  the Actions it could choose from, in the order of the prompt
             (an answer "B" or "2" means the second)

    Raises ValueError if `reply` is not a str or `actions` are unusable.
    """
    if not isinstance(reply, str):
        raise ValueError(f"reply={reply!r} is not text: pass what the model "
                         "wrote, a str.")
    actions = check_actions(actions)
    text = plain_text(without_thinking(reply), actions)
    mended = mend_names(text, actions)
    found = without_echoes(mentions(mended, actions), actions)
    weight = max((m.weight for m in found), default=None)
    found = [m for m in found if m.weight == weight]
    if len({m.action for m in found}) != 1 or not any(m.sure for m in found):
        return None
    return Decision(found[0].action.name, reason_in(text, actions),
                    reply=reply)


def without_thinking(reply) -> str:
    """The reply without <think> blocks; an unclosed one hides the rest."""
    before, _, thought = reply.partition("<think>")
    _, closed, after = thought.rpartition("</think>")
    before = before.rpartition("</think>")[2]
    return f"{before}\n{after.partition('<think>')[0] if closed else ''}"


def plain_text(text, actions) -> str:
    """Lines without Markdown, JSON or tags; a long text loses its middle."""
    if len(text) > 2 * LIMIT:  # sentences that are cut in two go as well
        head = SENTENCE_END.split(text[:LIMIT])[:-1]
        tail = SENTENCE_END.split(text[-LIMIT:])[1:]
        text = "\n".join(head + tail)
    text = text.replace("\\boxed{", "\nanswer: ")
    text = unicodedata.normalize("NFKC", text).replace("’", "'")
    for action in actions:  # a quoted option is as good as its name
        for quoted in (action.line, action.line.partition(": ")[2]):
            text = re.sub(re.escape(quoted), action.name, text, flags=re.I)
    for pattern, replacement, *_ in PLAIN:
        text = pattern.sub(replacement, text)
    return text


def mend_names(text, actions) -> str:
    """Corrects names that are misspelt, spelt differently or cut off."""
    squashed = {squash(action.name): action.name for action in actions}

    def mend(match):
        word, letters = match[0], squash(match[0])
        joined = JOINED.search(word)
        if letters in squashed:
            return squashed[letters]
        words = JOINT.sub(" ", word)
        near = [name for key, name in squashed.items()
                if len(letters) > 5 and one_typo(letters, key)
                and (joined or key not in letters)
                or len(letters) > 4 and joined and key.startswith(letters)]
        return near[0] if len(near) == 1 else words

    return WORD.sub(mend, text)


def squash(name) -> str:
    """A name in lower case, without underscores and hyphens."""
    return re.sub(r"[_-]", "", name.lower())


def one_typo(a, b) -> bool:
    """True if they differ by one letter: extra, missing, wrong or swapped."""
    start = len(commonprefix([a, b]))
    a, b = a[start:], b[start:]
    end = len(commonprefix([a[::-1], b[::-1]]))
    a, b = a[:len(a) - end], b[:len(b) - end]
    return max(len(a), len(b)) <= 1 or len(a) == 2 and a == b[::-1]


def mentions(text, actions) -> list[Mention]:
    """Every action that is named and not refused, in the order of the text."""
    lines = text.replace("?", " ?\n").strip().splitlines()
    found = []
    for line in lines:
        for i, part in enumerate(SENTENCE_END.split(line)):
            words = tokens(part)
            found += weighed(
                without_lead(named(words, actions), words)
                or one_word(words, actions, only=len(lines) == 1 and i == 0),
                words, opens_line=i == 0)
    return found


def named(words, actions) -> list[Mention]:
    """The actions that one sentence names and does not refuse."""
    found = [
        Mention(action, m.start(), m.end(), is_sure(action, words, *m.span()))
        for action, pattern in patterns(actions)
        for m in pattern.finditer(words) if not refused(words, *m.span())]
    return sorted(found, key=lambda m: m.start)


def one_word(words, actions, only) -> list[Mention]:
    """An answer of one word: a letter, a number, a verb, a name's beginning.

    only  True for the first sentence of a one-line reply: there a letter may
          open the sentence; elsewhere it must be the whole sentence
    """
    label = LABELLED.search(words)
    starts = [label.end()] if label else [0, last_clause(words, -2)]
    found: list[Mention] = []
    for match in (ONE_WORD.match(words, start) for start in starts):
        if not match or found:
            continue
        word, alone = match[1], words.strip(" :,") == match[1]
        sure = label or alone and only
        letter_will_do = sure or alone or only and match.start() == 0
        found = [
            Mention(action, *match.span(1)) for i, action in enumerate(actions)
            if sure and word in (str(i + 1), *action.words)
            or letter_will_do and word == chr(ord("a") + i)
            or len(word) > 3 and action.name.lower().startswith(word)
            if not refused(words, match.start(1) - 1, match.end(1))]
    return found


def without_lead(found, words) -> list[Mention]:
    """ "continue, but with a lower rate" does not mean `continue`."""
    def leads(m):
        return m.action.factor == 1 and not m.action.stop and any(
            other.action.factor != 1 and other.start >= m.end
            and QUALIFIER.search(words[m.end:other.start + 1])
            for other in found)

    return [m for m in found if not leads(m)]


def weighed(found, words, opens_line) -> list[Mention]:
    """Mentions with weights; an action named twice in a row counts once."""
    label = LABELLED.search(words)
    result: list[Mention] = []
    for m in found:
        if label and m.end > label.end():
            m = m._replace(weight=2 if label[1] else 1)
        elif m is found[0] and opens_line and is_head(words, *found[:2]):
            m = m._replace(weight=1)
        if not result or result[-1].action != m.action:
            result.append(m)
    return result


def is_head(words, first, second=None) -> bool:
    """True if the line opens with `first`, alone or before a colon."""
    ends = [words[m.end:].strip() == "" or words.startswith(" :", m.end)
            for m in (first, second) if m]
    listed = second and second.start == first.end + 2 and ends[1]
    marker = MARKER.fullmatch(words[:first.start])
    return bool(marker and ends[0] and not listed)


def without_echoes(found, actions) -> list[Mention]:
    """Drops every run of mentions that names all actions once."""
    kept, found = [], list(found)
    while found:
        run = {m.action for m in found[:len(actions)]}
        if len(run) == len(actions):
            del found[:len(actions)]
        else:
            kept.append(found.pop(0))
    return kept


def reason_in(text, actions) -> str:
    """The model's own sentence, or a note that it wrote none."""
    given = REASON.search(text)
    if given:
        return " ".join(given[1].split())
    for sentence in REASON_END.split(text):
        sentence = head(actions).sub("", sentence, count=1).strip(" ,;:-")
        if len(tokens(sentence).split()) > 2:
            return " ".join(sentence.split())
    return NO_REASON
