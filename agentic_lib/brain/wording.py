"""How replies say things: the words and patterns that parser.py reads with.

The tables come first, then the functions that use them. What an action is
called comes from its record (Action.words). This module holds the language
around it, in English and Chinese: what refuses an action, what labels an
answer, what the rate and the training are called. Knows nothing about what is
done with these patterns.
"""

import re
from functools import lru_cache

# What replies talk about. Words are matched in lower case; Chinese ones have
# a space between characters, as `tokens` writes them.
RATE = r"(?:(?:learning )?rate|lr|step size|one(?= [,:]| $)|学 习 率)"
TRAINING = r"(?:training|train|run|process|experiment|训 练)"
METRIC = (r"(?:loss|losses|accuracy|acc|error|gap|overfitting|improvements?"
          r"|progress|gradients?|learning|dropout|momentum|sampling"
          r"|损 失|准 确 率)")
# Words that start a new clause: a "not" before them does not reach further.
CONNECTIVE = re.compile(
    r"\b(?:so|but|because|since|therefore|thus|hence|then|however|although"
    r"|though|while|whereas|and(?= (?:i|we|you|it|the|therefore) ))\b"
    r"|因为|因此|所以|但|而是")
JUDGED = (r"(?:premature|unnecessary|unwise|wasteful|harmful|risky|wrong|bad"
          r"|worst|dangerous|inappropriate|later|too (?:early|soon|late))")
# What refuses an action named later in the clause ...
REFUSAL = re.compile(
    rf" (?:{JUDGED}|not|no|never|none|\S+n't|dont|cannot|without|avoid\S*"
    r"|rather than|instead of|neither|nor|against|than|after|before|unlike"
    r"|prevents?|non|previous|last|least|reject\S*"
    r"|(?:stop|quit|ceas)[a-z]*(?= $)|不|别|无 需|避 免|勿|没 有 必 要|非) ")
# ... in the whole sentence ...
CONDITION = re.compile(
    r" (?:if|unless|until|once|whether|when|otherwise|in case|如 果|若"
    r"|除 非|否 则) ")
# ... and what refuses the action just named.
VERDICT = re.compile(
    rf"(?: (?!{METRIC} |as |to |for |[,:])\S+){{0,6}}?(?: {JUDGED} | \S+n't "
    r"| (?:is|are|be|would|will|should|does|do|can|need)(?: \S+)? not "
    r"| cannot | not (?:yet|needed|necessary))"
    rf"| [,:] (?:no (?:[,:] |$)|{JUDGED} |not (?:yet|needed|necessary"
    r"|required|recommended|appropriate|now|an?|the) )")
# "continue, but with a lower rate": the first verb only leads to the second.
QUALIFIER = re.compile(r" (?:but|with|at|by|using|though|only|on) ")
LABEL = (r"(?:answer|action|decision|choice|recommendation|verdict|output"
         r"|response|conclusion|答 ?案|决 ?定|选 ?择|结 ?论|建 ?议)")
LABELLED = re.compile(
    rf" (final )?{LABEL}(?: taken| to take)? (?::|is|would be|是)(?= )"
    r"| (?:therefore|thus|hence|所 以|因 此)(?= )")
CHOOSE = (r"(?:choice|answer|action|choose|pick|select|go with|选 项|选|选 择"
          r"|答 案)(?: is| 是)?(?: [:,])*")
SHORT_LABEL = re.compile(r"^(?: [^\s,:]+){1,3}(?: :)+$")
ONE_WORD = re.compile(r" ?(?:[:,] |option )*([^\s:,]+)(?= [:,]| $)")
REASON = re.compile(
    r"^\W*(?:reason(?:ing)?|explanation|rationale|why|because|理由|原因)\W*"
    r"[:=]\s*(.+)", re.I | re.M)
SENTENCE_END = re.compile(r"(?<!\b\w)[.!]+(?=\s|$)|[。！？]|\n")


# Rules that take off what a reply is wrapped in, one after the other:
# (pattern, replacement, an example, its result)
PLAIN: list[tuple] = [(re.compile(find, re.I), *rest) for find, *rest in (
    # JSON: one field per line
    (r"""(?<=["'\w\]])\s*,\s*(?=["']\w+["']\s*:)|\\n""", "\n",
     """{"action": "stop", "why": "done"}""",
     """{"action": "stop"\n"why": "done"}"""),
    # closing tags and table cells end a line
    (r"</\w+>|\|", "\n", "| stop | done |", "\n stop \n done \n"),
    # an opening tag is a label
    (r"<(\w+)>", r"\n\1: ", "<answer>stop", "\nanswer: stop"),
    # quotes, but not apostrophes
    (r"(?<!\w)'|'(?!\w)", "", "don't 'stop'", "don't stop"),
    # Markdown, brackets, underscores at the ends of a word
    (r"[*`#\"“”{}\[\]$\\]|(?<!\w)_+|_+(?!\w)", "",
     "**stop_training** _now_", "stop_training now"),
    # an answer on the line after its label
    (rf"({LABEL} ?[:=])\s+", r"\1 ", "Answer:\n\nstop", "Answer: stop"))]
# A word that may be a misspelt name; the signs that words were joined; and
# the places at which such a word is split.
WORD = re.compile(r"[^\W\d][\w-]*")
JOINED = re.compile(r"[_-]|[a-z][A-Z]")
JOINT = re.compile(r"(?<=[a-z])(?=[A-Z])|[_-]")
# a list marker at the beginning of a line: "2 :" or "b :"
MARKER = re.compile(r"(?: [,:]| \w{1,2} :)*")
REASON_END = re.compile(r"(?<=[.!?])\s+|[。！？]|\n")
# How a sentence is cut into words: signs that open a clause, signs between
# clauses, Chinese characters, and what then counts as a word.
CLAUSE_SIGN = re.compile(r"\s-+>?\s|=+>?|->|[:(){}<>–—→.](?!\d)")
COMMA = re.compile(r"[,;/](?!\d)")
CHINESE = re.compile(r"[㐀-鿿]")
TOKEN = re.compile(r"[\w.%']*[\w%]|[,:?]")


# A word for stopping counts only in a clause of small words like these.
BEFORE_STOP = re.compile(
    r"(?: (?:[,:]|\w|i|we|i'll|i'd|we'll|let's|let us|will|would|should|must"
    r"|can|to|it's|it is|time|the|my|best|right|think|recommend|suggest"
    r"|advise|choose|choice|option|action|decision|answer|final|decide"
    r"|decided|now|is|and|better|please|just|that|therefore|thus|hence|so"
    r"|then|by|我|建 议|应 该|现 在|可 以|所 以|因 此))*")
AFTER_STOP = re.compile(
    r"(?: (?:now|here|early|immediately|altogether|at this point|了|吧"
    r"|is (?:the )?(?:best|right)(?: \w+)?))*"
    r"(?: (?:[,:]|as (?:the|it|there|we|no) |to (?:avoid|prevent|save) ).*)?")


def tokens(sentence) -> str:
    """Lower-case words with one space around each, " , " between clauses.

    A colon, dash or bracket becomes " : ", and each Chinese character becomes
    a word of its own.
    """
    sentence = CONNECTIVE.sub(r", \g<0>", sentence.lower())
    sentence = CLAUSE_SIGN.sub(" : ", sentence)
    # a list after a negation: "no need to reduce it, raise it, or stop"
    listed, _, rest = sentence.rpartition(", or ")
    if listed:
        sentence = f"{listed.replace(',', ' ')} or {rest}"
    sentence = COMMA.sub(" , ", sentence)
    sentence = CHINESE.sub(r" \g<0> ", sentence)
    return f" {' '.join(TOKEN.findall(sentence))} "


def refused(words, start, end) -> bool:
    """True if the sentence names an action but does not choose it."""
    label = SHORT_LABEL.search(words[:start])  # "Not recommended: ..."
    return bool(
        "?" in words
        or CONDITION.search(words[:start + 1])
        or REFUSAL.search(words[last_clause(words, start):start + 1])
        or label and REFUSAL.search(label[0])
        or VERDICT.match(words[end:]))


def is_sure(action, words, start, end) -> bool:
    """False for a stop in a clause that says more than that."""
    before = words[last_clause(words, start):start]
    return not action.stop or bool(
        BEFORE_STOP.fullmatch(before) and AFTER_STOP.fullmatch(words[end:-1]))


def last_clause(words, end) -> int:
    """The start of the clause that `end` lies in."""
    return max(0, words.rfind(" ,", 0, end), words.rfind(" :", 0, end))


@lru_cache
def patterns(actions) -> list:
    """[(action, pattern for all that means it)], for text from `tokens`."""
    single = any_of(word for action in actions for word in action.words
                    if " " not in word)
    gap = (rf"(?: (?!(?:{single}|{METRIC}|not|never|\S+n't|不|别|at|with"
           r"|under|by|is|was|were|been|already) |[,:?])\S+){0,4}?")
    made = []
    for i, action in enumerate(actions):
        label = rf"(?:{chr(ord('a') + i)}|{i + 1})"
        forms = [rf"option {label}", rf"{CHOOSE} {label}(?= [,:]| $)"]
        if "_" in action.name:  # such a name means the action anywhere
            forms.append(re.escape(action.name.lower()))
        pattern = "|".join(forms + meanings(action, gap))
        made.append((action, re.compile(rf" (?:{pattern})(?= )")))
    return made


def meanings(action, gap) -> list[str]:
    """Patterns for the action's words, each in the context that it needs.

    Words of one phrase may have others between them: "keep the current rate".
    A single word needs its object: the rate if the action changes the rate,
    the training or nothing if it stops. The words of other actions must not
    lead on to something else ("continue to fall").
    """
    entries = [entry.lower().replace("_", " ").split()
               for entry in (action.name, *action.words)]
    single = [entry[0] for entry in entries if len(entry) == 1]
    one = any_of(single)
    the = "(?: the| this| our)?" if action.stop else gap
    forms = [
        f"{the} ".join(RATE if w == "rate" else any_of([w]) for w in entry)
        for entry in entries if len(entry) > 1]
    if action.stop:
        now = any_of(single, r"e|\w?ing")  # "it stopped" is a report
        return forms + [
            rf"{now}{the} {TRAINING}",
            rf"{now}(?= $| [,:]| (?:now|here|early|at this point|了) )",
            rf"{TRAINING} (?:should|must|can)(?: be)? {one}"]
    if action.factor != 1:
        return forms + [rf"{one}{gap} {RATE}",
                        rf"{RATE}{gap} {any_of(single, 'e')}(?! the )",
                        rf"{RATE}{gap} be(?: \S+)? {any_of(single, 'e?d')}"]
    return forms + [rf"{one}(?! to (?!the )| (?:would|will) "
                    rf"|(?: the)? {METRIC} | (?!training)\S+ing )"]


def any_of(words, endings=r"e|s|d|es|\w?ed|\w?ing|t?ion") -> str:
    """A pattern for these words and their forms: reduce, reducing ..."""
    stems = "|".join(tokens(w).strip().rstrip("e") for w in words)
    return rf"(?:{stems or '(?!)'})(?:{endings})?"


@lru_cache
def head(actions) -> re.Pattern:
    """What comes before a reason in the same sentence: a label, a name."""
    names = "|".join(re.escape(action.name) for action in actions)
    return re.compile(
        rf"^\W*(?:(?:final )?{LABEL}\W*[:=])?\W*(?:(?:{names})\b)?\W*", re.I)
