"""Two notebook front ends in a real browser, driven alike.

Classic   notebook 6.5.7, ipywidgets 7.7.1, ipykernel 6: Colab's versions
Lab       JupyterLab 4, ipywidgets 8
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLASSIC = Path(__file__).parent / ".classic" / "bin" / "python"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-sync"]
PATIENCE = 1000 * int(os.environ.get("BROWSER_PATIENCE", "300"))  # in ms


def chromium():
    """The path of the browser, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


class FrontEnd:
    """A Jupyter server, and a browser page for one notebook at a time."""

    def __init__(self, folder, browser):
        self.folder, self.browser = folder, browser
        self.page = self.server = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self):
        """Starts the server, with settings and a kernel list of its own."""
        own = {f"JUPYTER_{name}_DIR": str(self.folder / name.lower())
               for name in ("CONFIG", "DATA", "RUNTIME")}
        env = {**os.environ, **own, "PYTHONPATH": str(ROOT),
               "IPYTHONDIR": str(self.folder / "ipython"),
               "JUPYTERLAB_SETTINGS_DIR": str(self.folder / "settings"),
               "AGENTIC_LIB_BRAIN": "bundled", "OMP_NUM_THREADS": "1"}
        env.pop("AGENTIC_LIB_STATIC", None)
        with open(self.folder / "server.log", "w") as log:
            self.server = subprocess.Popen(
                [*self.command(), f"--port={self.port}", "--no-browser",
                 "--allow-root"], cwd=self.folder, env=env,
                stdout=log, stderr=subprocess.STDOUT)
        for _ in range(PATIENCE // 250):
            try:
                self.ask("/api")
                return
            except OSError:
                time.sleep(0.25)
        raise RuntimeError((self.folder / "server.log").read_text())

    @contextmanager
    def notebook(self, name, width=1200, height=2000):
        """A page with this notebook, all its cells running; its kernel ends
        with it."""
        self.page = self.browser.new_page(
            viewport={"width": width, "height": height})
        self.page.set_default_timeout(PATIENCE)
        try:
            self.open(f"{name}.ipynb")
            yield self.page
        except Exception:
            self.picture(f"failed_{name}")
            raise
        finally:
            self.page.close()
            for kernel in json.loads(self.ask("/api/kernels")):
                with suppress(urllib.error.HTTPError):  # just restarting
                    self.ask(f"/api/kernels/{kernel['id']}", "DELETE")

    def ask(self, path, method="GET"):
        """What the server's own interface answers."""
        request = urllib.request.Request(self.address + path, method=method)
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def stop(self):
        """Ends the server; its kernels have ended with their notebooks."""
        self.server.kill()
        self.server.wait()

    def phone(self):
        """A page as narrow as a phone."""
        self.page.set_viewport_size({"width": 390, "height": 2000})
        self.page.wait_for_timeout(500)  # the page arranges itself anew

    def picture(self, name):
        """Keeps a screenshot in the folder that SCREENSHOTS names."""
        if "SCREENSHOTS" in os.environ:
            self.page.screenshot(
                path=Path(os.environ["SCREENSHOTS"],
                          f"{type(self).__name__.lower()}_{name}.png"))


class Classic(FrontEnd):
    python = CLASSIC if CLASSIC.exists() else None
    cell = ".code_cell"
    handle = ".ui-slider-handle"

    def command(self):
        return [self.python, "-m", "notebook", "--NotebookApp.token=",
                "--NotebookApp.disable_check_xsrf=True"]

    def open(self, name):
        """Opens a notebook and runs all its cells."""
        self.page.goto(f"{self.address}/notebooks/{name}")
        self.page.wait_for_function(
            "window.Jupyter && Jupyter.notebook && Jupyter.notebook.kernel "
            "&& Jupyter.notebook.kernel.is_connected() "
            "&& Jupyter.notebook.kernel.widget_manager", timeout=PATIENCE)
        # Only then has the kernel answered what the widgets' manager asks of
        # it at first; later answers would make it draw all widgets anew.
        self.page.evaluate("""() => new Promise(done =>
            Jupyter.notebook.kernel.execute(
                "import ipywidgets", {shell: {reply: () => done()}}))""")
        self.page.evaluate("Jupyter.notebook.execute_all_cells()")

    def darken(self, dark):
        """Nothing: this front end has one look."""

    def restart(self):
        """A restart of the runtime: widgets on the page are dead."""
        self.page.evaluate("Jupyter.notebook.kernel.restart()")


class Lab(FrontEnd):
    python = sys.executable
    cell = ".jp-CodeCell"
    handle = ".noUi-handle"

    def command(self):
        self.set("apputils-extension/notification", fetchNews="false",
                 checkForUpdates=False)
        self.set("notebook-extension/tracker", windowingMode="none")
        return [self.python, "-m", "jupyterlab", "--IdentityProvider.token=",
                "--ServerApp.disable_check_xsrf=True",
                "--expose-app-in-browser"]

    def set(self, plugin, **values):
        """Writes one of JupyterLab's settings files."""
        path = (self.folder / "settings" / "@jupyterlab"
                / f"{plugin}.jupyterlab-settings")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))

    def open(self, name):
        """Opens a notebook and runs all its cells."""
        self.page.goto(f"{self.address}/lab/tree/{name}?reset")
        self.page.wait_for_selector(f"{self.cell} .cm-content",
                                    timeout=PATIENCE)
        self.page.wait_for_function(
            "window.jupyterapp.shell.currentWidget.sessionContext.session"
            "?.kernel?.connectionStatus == 'connected'", timeout=PATIENCE)
        self.page.evaluate("""() => {
            window.jupyterapp.shell.collapseLeft();  // the list of files
            window.jupyterapp.commands.execute('notebook:run-all-cells');
        }""")

    def darken(self, dark):
        """The dark theme, or the light one again."""
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute("
            "'apputils:change-theme', {theme})",
            f"JupyterLab {'Dark' if dark else 'Light'}")
        self.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight == light",
            arg=str(not dark).lower())

    def restart(self):
        """A restart of the runtime: widgets on the page are dead."""
        self.page.evaluate("window.jupyterapp.shell.currentWidget"
                           ".sessionContext.session.kernel.restart()")
