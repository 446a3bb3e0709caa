"""Makes the environment of Colab's front end: the classic notebook with
ipywidgets 7, ipykernel 6 and IPython 7, at Colab's versions.

    python tests/browser/make_classic.py [folder]

The folder (tests/browser/.classic unless told otherwise) gets a virtual
environment that holds these few packages itself and takes torch and all the
rest from the environment of the Python that runs this script. One that was
made otherwise is made anew.
"""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

# Colab's image of August 2026; setuptools has pkg_resources, tornado < 6.6.
PINNED = """
ipywidgets==7.7.1 widgetsnbextension==3.6.10 jupyterlab_widgets==3.0.16
ipython==7.34.0 ipykernel==6.17.1 jupyter_client==7.4.9 notebook==6.5.7
nbformat==5.11.1 tornado==6.5.7 setuptools<82
""".split()
FOLDER = Path(__file__).parent / ".classic"


def make(folder=FOLDER) -> Path:
    """Makes the environment if it is missing; returns its Python."""
    folder = Path(folder).resolve()
    python = folder / "bin" / "python"
    done, shared = folder / "complete", sysconfig.get_path("purelib")
    recipe = "\n".join([*PINNED, shared])
    if not done.exists() or done.read_text() != recipe:
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PINNED],
                       check=True)
        ours = sysconfig.get_path("purelib", vars={"base": str(folder)})
        Path(ours, "shared.pth").write_text(shared)
        done.write_text(recipe)
    return python


if __name__ == "__main__":
    print(make(*sys.argv[1:2]))
