// The decision map: what a brain decides all over a plane of two inputs.

import { messages } from "../brain/prompt";
import type { Knobs } from "../brain/situation";
import { situation } from "../brain/situation";
import type { Decision } from "../brain/tables";
import { ACTIONS, spoken, tables } from "../brain/tables";
import { $, h, rate, s } from "../dom";
import type { Thinker } from "../player";
import { BRAINS } from "../player";
import { answerCard } from "./answer";
import { look, symbol } from "./looks";

const POINTS = 21;
const AT_ONCE = 7; // questions between which the page may ask another one
const SIZE = {
  width: 470, height: 430, left: 46, right: 10, top: 8, bottom: 40,
};
const CELL = (SIZE.width - SIZE.left - SIZE.right) / POINTS;
const TALL = (SIZE.height - SIZE.top - SIZE.bottom) / POINTS;

type Name = keyof Knobs & string;

export class DecisionMap {
  private x: Name = "train_acc";
  private y: Name = "val_acc";
  private brain = BRAINS[0]!;
  private found: (Decision | undefined)[] = [];
  private chosen = -1;
  private drawing = 0; // which drawing is the newest
  private cells: SVGElement[] = [];
  private frame = s("rect", {
    class: "chosen", width: CELL, height: TALL, visibility: "hidden",
  });

  constructor(
    private thinker: Thinker, private openInLab: (knobs: Knobs) => void,
  ) {
    this.fillSelect("map-x", "x");
    this.fillSelect("map-y", "y");
    this.fillBrains();
    const svg = $("map-picture");
    svg.addEventListener("click", (event) => {
      const at = this.cells.indexOf(event.target as SVGElement);
      if (at >= 0) void this.choose(at);
    });
    svg.addEventListener("keydown", (event) => this.onKey(event));
    this.drawFrame();
  }

  private fillSelect(id: string, axis: "x" | "y"): void {
    const select = $<HTMLSelectElement>(id);
    select.append(...Object.entries(tables.knobs).map(([name, knob]) =>
      h("option", { value: name, selected: name === this[axis] }, knob[3])));
    select.addEventListener("change", () => {
      const other = axis === "x" ? "y" : "x";
      if (select.value === this[other]) { // never the same on both
        this[other] = this[axis];
        $<HTMLSelectElement>(`map-${other}`).value = this[other];
      }
      this[axis] = select.value as Name;
      void this.draw();
    });
  }

  private fillBrains(): void {
    if (BRAINS.length < 2) return;
    const select = $<HTMLSelectElement>("map-brain");
    $("map-brain-label").hidden = false;
    select.append(...BRAINS.map((name) => h("option", { value: name },
      name)));
    select.addEventListener("change", () => {
      this.brain = select.value;
      void this.draw();
    });
  }

  /** Asks for all points, coarse ones first; a newer drawing ends it. */
  async draw(): Promise<void> {
    const mine = ++this.drawing;
    this.found = [];
    this.chosen = -1;
    this.drawFrame();
    await this.thinker.ready(this.brain);
    const order = coarseFirst();
    for (let at = 0; at < order.length; at += AT_ONCE) {
      const some = order.slice(at, at + AT_ONCE);
      const decisions = await this.thinker.decideMany(this.brain,
        some.map((i) => situation(this.knobs(i))));
      if (mine !== this.drawing) return;
      for (const [k, i] of some.entries()) this.paint(i, decisions[k]!);
      if (at % 63 === 0) this.tell(false);
    }
    this.tell(true);
  }

  private knobs(i: number): Knobs {
    return {
      ...tables.start as unknown as Knobs,
      [this.x]: valueAt(this.x, i % POINTS),
      [this.y]: valueAt(this.y, Math.floor(i / POINTS)),
    };
  }

  private drawFrame(): void {
    this.cells = Array.from({ length: POINTS * POINTS }, (_, i) => s("rect", {
      x: SIZE.left + CELL * (i % POINTS),
      y: SIZE.top + TALL * (POINTS - 1 - Math.floor(i / POINTS)),
      width: CELL - 1.5, height: TALL - 1.5, rx: 2.5, class: "cell",
    }));
    const last = POINTS - 1;
    const ticks = [0, last / 2, last].flatMap((k) => [
      s("text", {
        x: SIZE.left + CELL * (k + 0.5), y: SIZE.height - 24,
        class: "tick middle",
      }, say(this.x, k)),
      s("text", {
        x: SIZE.left - 6, y: SIZE.top + TALL * (last - k + 0.5) + 4,
        class: "tick end",
      }, say(this.y, k))]);
    const svg = $("map-picture");
    svg.setAttribute("viewBox", `0 0 ${SIZE.width} ${SIZE.height}`);
    svg.setAttribute("aria-label", "The decision map is being computed.");
    this.frame.setAttribute("visibility", "hidden");
    svg.replaceChildren(...this.cells, ...ticks,
      s("text", {
        x: (SIZE.left + SIZE.width - SIZE.right) / 2, y: SIZE.height - 5,
        class: "label middle",
      }, `${tables.knobs[this.x]![3]} →`),
      s("text", {
        transform: `translate(11 ${(SIZE.height - SIZE.bottom) / 2}) ` +
          "rotate(-90)", class: "label middle",
      }, `${tables.knobs[this.y]![3]} →`), this.frame);
  }

  private paint(i: number, decision: Decision): void {
    this.found[i] = decision;
    const cell = this.cells[i]!;
    const ruled = decision.source !== "model";
    cell.setAttribute("class",
      `cell ${look(decision.action)}${ruled ? " ruled" : ""}`);
    const sure = decision.probabilities?.[decision.action] ?? 1;
    // From a quarter, which says nothing, to certainty.
    const depth = 0.3 + 0.7 * Math.min(1, (sure - 0.25) / 0.5);
    if (!ruled) cell.setAttribute("fill-opacity", depth.toFixed(2));
  }

  /** The legend with shares, and the map in words. */
  private tell(whole: boolean): void {
    const done = this.found.filter((d) => d !== undefined);
    const share = (keep: (d: Decision) => boolean) =>
      Math.round(100 * done.filter(keep).length / done.length);
    const shares = ACTIONS.map(({ name }) =>
      [name, share((d) => d.action === name)] as const);
    const ruled = share((d) => d.source !== "model");
    $("map-legend").replaceChildren(
      ...shares.filter(([, n]) => n > 0).map(([name, n]) =>
        h("li", {}, symbol(name), ` ${spoken(name)} ${n} %`)),
      ...(ruled ? [h("li", {}, h("i", { class: "ruled-sign" }),
        ` outlined: outside what it was taught, the rules decide ${ruled} %`),
      ] : []));
    $("map-picture").setAttribute("aria-label", `${whole ? "" : "So far: "}` +
      `${this.brain} brain, ${tables.knobs[this.x]![3]} across, ` +
      `${tables.knobs[this.y]![3]} upwards. ` +
      shares.map(([name, n]) => `${spoken(name)} ${n} percent`).join(", ") +
      ".");
    $("map-picture").dataset.done = String(whole);
  }

  private onKey(event: KeyboardEvent): void {
    const [dx, dy] = ({
      ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1],
      ArrowDown: [0, -1],
    } as Record<string, [number, number]>)[event.key] ?? [];
    if (dx === undefined || dy === undefined) return;
    event.preventDefault();
    const middle = Math.floor(POINTS * POINTS / 2);
    const from = this.chosen < 0 ? middle : this.chosen;
    const clip = (k: number) => Math.max(0, Math.min(POINTS - 1, k));
    void this.choose(this.chosen < 0 ? middle
      : clip(from % POINTS + dx) + POINTS *
        clip(Math.floor(from / POINTS) + dy));
  }

  /** Shows a point's prompt and answer. */
  private async choose(i: number): Promise<void> {
    this.chosen = i;
    for (const name of ["x", "y"]) {
      this.frame.setAttribute(name, String(
        Number(this.cells[i]!.getAttribute(name)) - 0.75));
    }
    this.frame.setAttribute("visibility", "visible");
    const knobs = this.knobs(i), history = situation(knobs);
    try {
      await this.thinker.ready(this.brain);
    } catch {
      return;
    }
    const answer = await this.thinker.answer(this.brain, history);
    if (this.chosen !== i) return;
    const go = h("button", { type: "button", class: "go quiet" },
      "Take it to the sliders");
    go.addEventListener("click", () => this.openInLab(knobs));
    $("map-point").replaceChildren(
      h("p", { class: "hidden", role: "status" },
        `${say(this.x, i % POINTS)}, ` +
        `${say(this.y, Math.floor(i / POINTS))}: ` +
        spoken(answer.decision.action)),
      answerCard(`${tables.knobs[this.x]![3]} ${say(this.x, i % POINTS)}, ` +
        `${tables.knobs[this.y]![3]} ` +
        say(this.y, Math.floor(i / POINTS)), answer),
      h("pre", { tabindex: "0", "aria-label": "The prompt" },
        messages(history)[1]!.content), go);
  }
}

/** Value number k of POINTS over the range of a knob; rates by factors. */
function valueAt(name: string, k: number): number {
  const [low, high] = tables.knobs[name]!;
  const share = k / (POINTS - 1);
  if (name === "learning_rate") return low * (high / low) ** share;
  const value = low + (high - low) * share;
  return name === "epoch" ? Math.round(value) : value;
}

const say = (name: string, k: number): string => rate(valueAt(name, k));

/** All points, every fourth row and column first. */
function coarseFirst(): number[] {
  const all = Array.from({ length: POINTS * POINTS }, (_, i) => i);
  const fine = (i: number) => {
    const [column, row] = [i % POINTS, Math.floor(i / POINTS)];
    return [4, 2, 1].findIndex((n) => column % n === 0 && row % n === 0);
  };
  return all.sort((a, b) => fine(a) - fine(b) || a - b);
}
