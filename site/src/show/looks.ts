// How an action looks: colours from Python's table, shapes for those who
// can't tell colours apart, and the words on its button.

import { ACTIONS, actionOf, spoken } from "../brain/tables";
import { s } from "../dom";

// matplotlib's markers as paths around 0, 0
const SHAPES: Record<string, string> = {
  o: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
  v: "M0 5.5L-5.5-4.5H5.5z",
  "^": "M0-5.5L5.5 4.5H-5.5z",
  s: "M-4.7-4.7H4.7V4.7H-4.7z",
  P: "M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2z",
};

/** Makes every action's colour known to the style sheet. */
export function setColours(): void {
  for (const { name, colour } of ACTIONS) {
    document.documentElement.style.setProperty(`--${name}`, colour);
  }
}

/** The class that gives an element the colour of an action. */
export const look = (name: string): string =>
  `act ${actionOf(name) ? name : "other"}`;

/** The marker of an action, to be put into a picture. */
export function marker(
  name: string, x: number, y: number, scale = 1, hollow = false,
): SVGElement {
  const shape = SHAPES[actionOf(name)?.marker ?? "P"] ?? SHAPES.o!;
  return s("path", {
    d: shape, class: `${look(name)} marker${hollow ? " hollow" : ""}`,
    transform: `translate(${x} ${y}) scale(${scale})`,
  });
}

/** The same as a picture of its own, beside text. */
export const symbol = (name: string, size = 14): SVGElement =>
  s("svg", {
    width: size, height: size, viewBox: "-8 -8 16 16", "aria-hidden": "true",
    class: "symbol",
  }, marker(name, 0, 0, 1.15));

/** What it does to the rate, in two or three words. */
export function effect(name: string): string {
  const action = actionOf(name);
  if (!action) return "";
  if (action.stop) return "end the run";
  return action.factor === 1 ? "keep the rate" : `rate × ${action.factor}`;
}

/** One word, for a button. */
export const short = (name: string): string => title(name).split(" ")[0]!;

export const title = (name: string): string => {
  const words = spoken(name).replace("learning rate", "rate");
  return words[0]!.toUpperCase() + words.slice(1);
};
