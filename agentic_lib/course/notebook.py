"""What the notebooks call: `get_ready` and `show`.

Their first cell ends with `get_ready`. Uses only the standard library until
one of its functions is called. Knows nothing about brains or training.
"""

import base64
import importlib.util
import io
import os
import platform
import subprocess
import sys
from importlib.metadata import version

# What the series imports -> the package that brings it.
NEEDED = {
    "torch": "torch", "torchvision": "torchvision",
    "transformers": "transformers", "accelerate": "accelerate",
    "matplotlib": "matplotlib", "ipywidgets": "ipywidgets",
    "sklearn": "scikit-learn", "pandas": "pandas", "tqdm": "tqdm",
}


def get_ready():
    """Installs what is missing, and prints one line.

    Touches nothing that is already installed. From then on, the cells compute
    on one thread, so that everybody sees the same numbers. Raises
    ModuleNotFoundError naming what could not be installed.
    """
    missing = [package for module, package in NEEDED.items()
               if importlib.util.find_spec(module) is None]
    if missing:
        install(missing)
    from agentic_lib import __version__

    one_thread()
    print(f"Ready: agentic_lib {__version__}, Python "
          f"{platform.python_version()}, torch {version('torch')}, "
          f"transformers {version('transformers')}.")


def one_thread():
    """Sets torch to one thread, and numpy's and scipy's linear algebra too.

    It does not matter which of them are loaded now and which later.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    from agentic_lib.models.threads import use_one_thread

    use_one_thread()
    threadpool_limits(1, user_api="blas")


def install(packages):
    """Runs pip quietly; what it says is shown only if it fails."""
    command = [sys.executable, "-m", "pip", "install", "-q", *packages]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ModuleNotFoundError(
            f"{', '.join(packages)} could not be installed ({last}). With a "
            f"network, run: pip install {' '.join(packages)}")
    importlib.invalidate_caches()


def show(figure, alt=None, dpi=80):
    """Shows a matplotlib Figure, described for those who do not see it.

    The description is alt text if the front end supports that, and plain text
    if the front end shows no pictures.

    alt  a sentence or two on what the figure shows; None takes the figure's
         label, which `plot_run` writes
    """
    from IPython.display import display

    alt = alt or figure.get_label()
    if not alt:
        raise ValueError("alt=None: say in a sentence what the figure shows.")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi, bbox_inches="tight",
                   facecolor="white", pil_kwargs={"optimize": True})
    picture = base64.b64encode(file.getvalue()).decode()
    display({"image/png": picture, "text/plain": alt}, raw=True,
            metadata={"image/png": {"alt": alt}})
    try:
        from matplotlib import pyplot
        pyplot.close(figure)  # or the front end shows it a second time
    except ImportError:
        pass
