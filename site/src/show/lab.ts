// The prompt, live: sliders, the prompt's text, what the brains make of it.

import { messages } from "../brain/prompt";
import type { Knobs } from "../brain/situation";
import { situation } from "../brain/situation";
import { ACTIONS, tables } from "../brain/tables";
import type { Answer } from "../brain/thinker";
import { $, h, rate } from "../dom";
import type { Thinker } from "../player";
import { BRAINS } from "../player";
import { answerCard } from "./answer";
import { Reader } from "./reader";

type Name = keyof Knobs;
type Slider = [name: Name, low: number, high: number, step: number,
  start: number, what: string];

const knob = (name: Name, step: number): Slider => {
  const [low, high, , what] = tables.knobs[name]!;
  return [name, low, high, step, tables.start[name]!, what];
};
const SLIDERS: Slider[] = [
  knob("train_acc", 0.5), knob("val_acc", 0.5), knob("trend", 0.5),
  knob("epoch", 1), knob("learning_rate", 0)];
const LOSSES: Slider[] = [
  ["train_loss", 0.01, 3, 0.01, 0.25, "training loss"],
  ["val_loss", 0.01, 3, 0.01, 0.85, "validation loss"],
  ["loss_change", -80, 200, 1, -5, "change of both losses (%)"]];

// What a brain is called on its card.
const TITLES: Record<string, string> = {
  bundled: "The taught brain", naive: "The naive brain",
};

export class Lab {
  private values = new Map<Name, number>();
  private withLosses = false; // as in the original's example
  private answers = new Map<string, Answer>();
  private asking = false;
  private stale = false;
  private lastPrompt: string[] = [];
  private reader = new Reader();

  constructor(private thinker: Thinker) {
    this.makeKnobs();
    if (BRAINS.length > 1) {
      $("prompt-lead").append(" · The naive brain was badly taught on " +
        "purpose: ", h("a", { href: tables.links["04"]! }, "Notebook 04"));
    }
    $("order").addEventListener("change", () => this.show());
    this.changed();
  }

  /** Asks all brains, as they become ready. */
  async begin(): Promise<void> {
    this.changed();
    for (const name of BRAINS.slice(1)) {
      await this.thinker.ready(name).then(() => this.changed(), () => {});
    }
  }

  /** Puts the sliders where a point of the map is. */
  set(values: Partial<Knobs>): void {
    this.withLosses = false;
    for (const [name, value] of Object.entries(values)) {
      this.values.set(name as Name, value);
    }
    $("knobs").replaceChildren();
    this.makeKnobs();
    this.changed();
  }

  private makeKnobs(): void {
    const box = h("input", { type: "checkbox", checked: this.withLosses });
    const losses = h("div", { class: "losses" },
      ...LOSSES.map((slider) => this.makeSlider(slider)));
    losses.hidden = !this.withLosses;
    box.addEventListener("change", () => {
      this.withLosses = box.checked;
      losses.hidden = !box.checked;
      this.changed();
    });
    $("knobs").append(...SLIDERS.map((slider) => this.makeSlider(slider)),
      h("label", { class: "check" }, box, " the losses are known"), losses);
  }

  private makeSlider(slider: Slider): HTMLElement {
    const [name, low, high, step, start, what] = slider;
    const logs = name === "learning_rate";
    const value = this.values.get(name) ?? start;
    this.values.set(name, value);
    const input = h("input", {
      type: "range", id: `knob-${name}`,
      min: logs ? Math.log10(low) : low, max: logs ? Math.log10(high) : high,
      step: logs ? 0.05 : step, value: logs ? Math.log10(value) : value,
    });
    const out = h("output", { for: input.id });
    const write = () => {
      const now = this.values.get(name)!;
      out.textContent = logs ? rate(now) : String(now);
      input.setAttribute("aria-valuetext", out.textContent);
      const share = (Number(input.value) - Number(input.min)) /
        (Number(input.max) - Number(input.min));
      input.style.setProperty("--share", `${100 * share}%`);
    };
    input.addEventListener("input", () => {
      const at = Number(input.value);
      this.values.set(name, logs ? Number((10 ** at).toPrecision(3)) : at);
      write();
      this.changed();
    });
    write();
    return h("div", { class: "knob" },
      h("label", { for: input.id }, what), out, input);
  }

  private history() {
    const values = Object.fromEntries(this.values) as unknown as Knobs;
    if (!this.withLosses) {
      for (const [name] of LOSSES) delete values[name];
    }
    return situation(values);
  }

  private get order(): "given" | "reversed" {
    return document.querySelector<HTMLInputElement>(
      "#order input:checked")!.value as "given" | "reversed";
  }

  /** Follows the sliders: one question at a time, always the newest. */
  private async changed(): Promise<void> {
    this.showPrompt();
    this.stale = true;
    if (this.asking) return;
    this.asking = true;
    while (this.stale) {
      this.stale = false;
      const history = this.history();
      for (const name of BRAINS) {
        if (!this.thinker.isReady(name)) continue;
        this.answers.set(name, await this.thinker.answer(name, history));
      }
      this.show();
    }
    this.asking = false;
  }

  private show(): void {
    this.showPrompt();
    const cards = [...this.answers].map(([name, answer]) =>
      answerCard(TITLES[name] ?? name, answer, this.order));
    if (cards.length) $("answers").replaceChildren(...cards);
    const reply = this.answers.get(BRAINS[0]!)?.decision.reply;
    if (reply) this.reader.offer(reply.trimEnd());
  }

  /** The prompt's text; lines that changed are marked. */
  private showPrompt(): void {
    const actions = this.order === "given" ? ACTIONS : ACTIONS.toReversed();
    const [system, user] = messages(this.history(), actions);
    const lines = [...system!.content.split("\n"), "",
      ...user!.content.split("\n")];
    const last = new Set(this.lastPrompt);
    $("lab-prompt").replaceChildren(...lines.flatMap((line) => [
      last.size && !last.has(line) ? h("mark", {}, line) : line, "\n"]));
    this.lastPrompt = lines;
  }
}
