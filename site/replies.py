"""Replies for the parser: those that the brain writes, and messy ones.

The messy ones are all that tests/test_parser.py reads, and these again with
what chat models put around an answer, and with pieces of two put together.
"""

import random
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from test_parser import REPLIES as KINDS  # noqa: E402

WRAPS = ["**{}**", "<think>\nIs it {}?\n</think>\n\n{}", "Answer: {}",
         "```json\n{{\"action\": \"{}\", \"reason\": \"it rose\"}}\n```",
         "{}\n\nReason: the gap is 16.0 points.", "1. {}\n2. wait",
         "<answer>{}</answer>", "I would not say: {}", "\\boxed{{{}}}",
         "{} ’s best – or not?", "ＡＮＳＷＥＲ： {}"]


def replies(chance) -> list[str]:
    """All of them, without doubles."""
    plain = [reply for kind in KINDS.values() for reply, *_ in kind]
    wrapped = [chance.choice(WRAPS).replace("{}", r.replace("{", "{{")
                                            .replace("}", "}}"))
               .replace("{{", "{").replace("}}", "}") for r in plain]
    joined = [f"{a}{chance.choice([' ', '. ', chr(10), ', but '])}{b}"
              for a, b in (chance.sample(plain, 2) for _ in range(400))]
    return list(dict.fromkeys([*plain, *wrapped, *joined]))


if __name__ == "__main__":
    print(len(replies(random.Random(0))))
