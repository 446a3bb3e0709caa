"""Python's patterns in JavaScript's words, so that both read alike.

The two differ in what \\w, \\d, \\s, \\b, $ and the point mean: Python's know
all alphabets. Written for JavaScript's flag "v". Knows nothing about replies.
"""

import re

from agentic_lib import ACTIONS
from agentic_lib.brain import parser, wording

LETTERS = r"\p{L}\p{N}_"
BLANKS = (r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f"
          r"\u205f\u3000")
INSIDE = {"w": LETTERS, "W": f"[^{LETTERS}]", "d": r"\p{Nd}", "s": BLANKS}
OUTSIDE = {
    "w": f"[{LETTERS}]", "W": f"[^{LETTERS}]", "d": r"\p{Nd}",
    "s": f"[{BLANKS}]", "S": f"[^{BLANKS}]",
    "b": rf"(?:(?<=[{LETTERS}])(?![{LETTERS}])"
         rf"|(?<![{LETTERS}])(?=[{LETTERS}]))"}
ENDS = {False: r"(?=\n?(?![\s\S]))", True: r"(?=\n|(?![\s\S]))"}
STARTS = {False: r"(?<![\s\S])", True: r"(?<=\n|(?<![\s\S]))"}
PIECES = re.compile(r"\\(.)|(\(\?[:=!]|\(\?<[=!])|(.)", re.S)


def to_javascript(pattern) -> list[str]:
    """[source, flags] of a compiled pattern. Raises ValueError for an escape
    that nobody has translated yet."""
    lines, inside, made = bool(pattern.flags & re.M), False, []
    for escaped, group, sign in PIECES.findall(pattern.pattern):
        if escaped:
            made.append(escape(escaped, INSIDE if inside else OUTSIDE))
        elif group:
            # in brackets these are signs, each for itself
            made.append("".join(f"\\{c}" if c in "()|" else c for c in group)
                        if inside else group)
        elif inside:
            inside = sign != "]"
            made.append(f"\\{sign}" if sign in "(){}/|[-" and not is_range(
                made, sign) else sign)
        else:
            inside = sign == "["
            made.append({"$": ENDS[lines], "^": STARTS[lines],
                         ".": r"[^\n]"}.get(sign, sign))
    return ["".join(made), "gvi" if pattern.flags & re.I else "gv"]


def escape(sign, table) -> str:
    """What follows a backslash."""
    if sign in table:
        return table[sign]
    if sign.isdigit() or sign in "nt":
        return "\\" + sign
    if sign.isalpha():
        raise ValueError(f"\\{sign} has no translation yet")
    return "\\" + sign if sign in r"^$\.*+?()[]{}|/-" else sign


def is_range(made, sign) -> bool:
    """Is this the - between two ends? At a bracket's start or after an escape
    it is a hyphen."""
    return sign == "-" and bool(made) and made[-1][-1:].isalnum() \
        and len(made[-1]) == 1


def parser_tables() -> dict:
    """All that the page's parser knows about words."""
    named = [name for name, value in vars(wording).items()
             if isinstance(value, re.Pattern)]
    return {
        "limit": parser.LIMIT,
        "no_reason": parser.NO_REASON,
        "regexps": {name: to_javascript(getattr(wording, name))
                    for name in named}
        | {"HEAD": to_javascript(wording.head(ACTIONS))},
        "plain": [[*to_javascript(pattern),
                   re.sub(r"\\(\d)", r"$\1", replacement.replace(
                       r"\n", "\n"))]
                  for pattern, replacement, *_ in wording.PLAIN],
        "actions": [to_javascript(pattern)
                    for _, pattern in wording.patterns(ACTIONS)]}
