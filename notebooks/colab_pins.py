"""Renews `colab.txt`: the versions in Colab's image that this series touches.

    python notebooks/colab_pins.py               from Google's public list
    python notebooks/colab_pins.py freeze.txt    from a file

Only versions change; which packages are listed is decided by hand. Run
`colab_twin.py` afterwards: it runs all notebooks with these versions.
"""

import re
import sys
import urllib.request
from datetime import date
from pathlib import Path

PINS = Path(__file__).resolve().parent / "colab.txt"
SOURCE = ("https://raw.githubusercontent.com/googlecolab/backend-info/main/"
          "pip-freeze.txt")
# "numpy==2.1.3", or "torch @ https://.../torch-2.11.0%2Bcpu-cp313-..."
FROZEN = re.compile(
    r"^([\w.-]+?)(?:==| @ \S+?/[\w.]+?-)(\d[\w.]*)", re.M)


def read_freeze(text) -> dict[str, str]:
    """{package: version} of a `pip freeze`, local versions cut off."""
    return {plain(name): version for name, version in FROZEN.findall(text)}


def plain(name) -> str:
    """One spelling of a package's name: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def renewed(pins, freeze, today) -> str:
    """The pins with the freeze's versions. Raises ValueError naming the
    packages that the freeze does not have."""
    names = re.findall(r"^([\w.-]+)==", pins, re.M)
    found = read_freeze(freeze)
    lost = [name for name in names if plain(name) not in found]
    if lost:
        raise ValueError(f"Colab's list has no {', '.join(lost)}: take it "
                         f"out of {PINS.name}, or look for its new name.")
    return (f"# The packages of Colab's image that this series touches, as "
            f"of {today}.\n# Made by notebooks/colab_pins.py from the public "
            "repository\n# googlecolab/backend-info. Python is 3.13.\n"
            + "".join(f"{name}=={found[plain(name)]}\n" for name in names))


def main(arguments):
    if arguments:
        freeze = Path(arguments[0]).read_text(encoding="utf-8")
    else:
        with urllib.request.urlopen(SOURCE, timeout=30) as answer:
            freeze = answer.read().decode()
    before = PINS.read_text(encoding="utf-8")
    after = renewed(before, freeze, date.today())
    PINS.write_text(after, encoding="utf-8")
    changed = sorted(set(after.splitlines()) - set(before.splitlines()))
    print("\n".join(line for line in changed if "==" in line)
          or "No version has changed.")


if __name__ == "__main__":
    main(sys.argv[1:])
