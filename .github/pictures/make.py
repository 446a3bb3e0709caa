"""Draws the README's picture of a rescued run, for light and dark pages.

    python .github/pictures/make.py

The run is that of `python -m agentic_lib` with no arguments.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from agentic_lib import SimpleAIBrain, load_data, save_figure, train  # noqa: E402

data = load_data("digits", label_noise=0.2)
steered = train(data, SimpleAIBrain("bundled"), lr=0.5, epochs=100)
constant = train(data, None, lr=0.5, epochs=100)
for theme in ("light", "dark"):
    print(save_figure(steered, HERE / f"rescued_run_{theme}.svg",
                      compare=constant, theme=theme))
