// Puts the parts of the page together, in the order in which they are needed:
// the game at once, the brain in the background, the rest when it is there.

import { BRAINS_PLAY } from "./brain/tables";
import { $, h } from "./dom";
import { Game, link } from "./game/game";
import { Thinker, Trainer } from "./player";
import { Lab } from "./show/lab";
import { setColours } from "./show/looks";
import { DecisionMap } from "./show/map";
import { Replay } from "./show/replay";

addEventListener("unhandledrejection", (event) => trouble(
  "Something went wrong", event.reason instanceof Error ? event.reason
    : new Error(String(event.reason))));
setColours();
const thinker = new Thinker();
const game = new Game(new Trainer(), thinker);
const lab = new Lab(thinker);
const map = new DecisionMap(thinker, (knobs) => {
  lab.set(knobs);
  $("prompt").scrollIntoView();
  $("knob-train_acc").focus({ preventScroll: true });
});

game.begin().catch((error: Error) => trouble("The game could not be loaded",
  error));
new Replay().begin().catch((error: Error) => trouble(
  "The recorded run could not be loaded", error));
void loadBrain();

async function loadBrain(): Promise<void> {
  try {
    const weights = await thinker.ready(BRAINS_PLAY);
    performance.measure("brain ready", { start: 0 });
    $("brain-status").replaceChildren("Brain ready ", h("span",
      { class: "more" }, `${(weights / 1e6).toFixed(1)} million weights`));
    $("brain-status").classList.add("ready");
  } catch (error) {
    $("brain-status").textContent = "No brain";
    trouble("The brain could not be loaded", error as Error);
    return;
  }
  void lab.begin();
  whenSeen($("map"), () => void map.draw());
  void keepForOffline();
}

/** What went wrong, in words, and where to go instead. */
function trouble(what: string, error: Error): void {
  const box = $("trouble");
  box.replaceChildren(h("p", {}, h("strong", {}, `${what}. `),
    `The browser says: ${error.message}. Reload the page; if that does not ` +
    "help, your browser may be too old for it, or a network filter holds a " +
    "file back. Everything here is also in ",
    link("00", "notebook 00"), ", which opens in Colab."));
  box.hidden = false;
}

/** Calls back once, when an element is about to be seen. */
function whenSeen(element: Element, then: () => void): void {
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    then();
  }, { rootMargin: "300px" });
  watch.observe(element);
}

/** Keeps all files, once, so that the page works without a network. */
async function keepForOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("sw.js");
    await navigator.serviceWorker.ready;
    $("offline").textContent = "From now on it works offline, too.";
  } catch { // private windows forbid it: the page works all the same
  }
}
