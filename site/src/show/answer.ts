// A brain's answer as bars. Knows nothing about where it came from.

import type { Answer } from "../brain/thinker";
import { ACTIONS, spoken, tables } from "../brain/tables";
import type { Probabilities } from "../brain/tables";
import { h } from "../dom";
import { look, symbol, title } from "./looks";

/** A card: decision, four bars, the reason. `order` is the one shown; a tick
 *  marks where each bar ends in the other order. */
export function answerCard(
  name: string, answer: Answer, order: "given" | "reversed" = "given",
): HTMLElement {
  const { decision, given, reversed, milliseconds } = answer;
  const shown = order === "given" ? given : reversed;
  const other = order === "given" ? reversed : given;
  const first = shown ? top(shown) : decision.action;
  const flips = shown && other && top(shown) !== top(other);
  return h("article", { class: "card answer" },
    h("header", {}, h("h3", {}, name),
      h("span", { class: "small" }, `${milliseconds.toFixed(0)} ms`)),
    h("p", { class: "decided" }, symbol(first, 18), title(first)),
    shown ? h("ul", { class: "bars" }, ...ACTIONS.map(
      (action) => bar(action.name, shown, other!)))
      : h("p", { class: "small" }, "The rules decided, not the model: ",
        decision.note ?? ""),
    flips ? h("p", { class: "flip" }, "In the other order it says " +
      `${spoken(top(other))}.`) : null,
    h("p", { class: "reason" }, decision.action === first || !shown
      ? `“${decision.reason}”`
      : `${isClose(given!) ? "With both orders averaged"
        : "The answer in the usual order was clear, so it counts"}: ` +
        `${spoken(decision.action)}. “${decision.reason}”`));
}

function bar(
  name: string, shown: Probabilities, other: Probabilities,
): HTMLElement {
  const fill = h("i", { class: "fill" }), tick = h("i", { class: "tick" });
  fill.style.width = `${100 * shown[name]!}%`;
  tick.style.left = `${100 * other[name]!}%`;
  tick.hidden = Math.abs(shown[name]! - other[name]!) < 0.005;
  return h("li", { class: look(name) },
    h("span", { class: "what" }, spoken(name).replace("learning rate",
      "rate")),
    h("span", { class: "track", "aria-hidden": "true" }, fill, tick),
    h("span", { class: "share" }, `${Math.round(100 * shown[name]!)} %`));
}

/** Only then is the reversed order asked, and both averaged. */
function isClose(row: Probabilities): boolean {
  const [best, second] = Object.values(row).sort((a, b) => b - a);
  return best! - second! < tables.close;
}

const top = (row: Probabilities): string =>
  Object.entries(row).reduce((a, b) => (b[1] > a[1] ? b : a))[0];
