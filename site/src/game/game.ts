// "You are the brain": a person decides, then the brain plays the same run.

import { count } from "../brain/format";
import { gapOf, messages } from "../brain/prompt";
import type { Decision, Metrics } from "../brain/tables";
import { ACTIONS, BRAINS_PLAY, EVERY, tables } from "../brain/tables";
import { $, h, one, rate, s, still, wait } from "../dom";
import type { Thinker, Trainer } from "../player";
import { drawChart } from "../show/chart";
import { effect, look, short, symbol, title } from "../show/looks";
import { EPOCHS, Run } from "./run";

const SHOWN = 10; // pictures that one sees it read
const LETTERS = ["c", "r", "i", "s"];
// Poor starts, so that there is something to decide: too fast and too slow.
const FIRST = { seed: 2, rate: 0.5 };
const RATES = [0.5, 0.002, 0.3, 0.0008];

export class Game {
  private start = FIRST;
  private runs: Run[] = [];
  private labels: number[] = [];
  private busy = true;
  private finished = false;

  constructor(private trainer: Trainer, private thinker: Thinker) {
    this.makeButtons();
    addEventListener("resize", () => this.draw());
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** Loads the pictures and trains up to the first decision. */
  async begin(): Promise<void> {
    const { pixels, labels } = await this.trainer.load(SHOWN);
    this.labels = labels;
    $("digits").replaceChildren(...labels.map((_, i) =>
      h("li", {}, picture(pixels.subarray(64 * i, 64 * i + 64)),
        h("span", { class: "guess" }))));
    await this.restart();
  }

  private get you(): Run {
    return this.runs[0]!;
  }

  private async restart(): Promise<void> {
    this.busy = true;
    this.finished = false;
    this.runs = [new Run("you", this.start.rate)];
    for (const id of ["verdict", "table-box", "after"]) $(id).hidden = true;
    for (const id of ["choices", "turn", "now"]) $(id).hidden = false;
    this.draw();
    await this.trainer.start("you", this.start.seed, EPOCHS);
    await this.train(this.you);
    this.busy = false;
    this.tell();
  }

  /** Trains up to the next decision, or to the end. */
  private async train(run: Run, pace = 45): Promise<void> {
    do {
      const [metrics] = await Promise.all([
        this.trainer.epoch(run.name, run.rate),
        wait(still.matches ? 0 : pace)]);
      run.metrics.push(metrics);
      this.draw();
    } while (!run.due && !run.done);
    await this.showGuesses(run);
  }

  // -- the person's turn ---------------------------------------------------

  private makeButtons(): void {
    $("choices").append(...ACTIONS.map(({ name }, i) => {
      const button = h("button", {
        type: "button", class: `choice ${look(name)}`, disabled: true,
        "data-action": name, "aria-keyshortcuts": LETTERS[i],
      }, symbol(name, 18),
      h("span", {}, h("strong", {}, short(name)),
        h("small", {}, effect(name))),
      h("kbd", { "aria-hidden": "true" }, LETTERS[i]!.toUpperCase()));
      button.addEventListener("click", () => this.choose(name));
      return button;
    }));
  }

  private onKey(event: KeyboardEvent): void {
    const at = LETTERS.indexOf(event.key.toLowerCase());
    const here = document.activeElement === document.body ||
      $("game").contains(document.activeElement);
    if (at < 0 || !here || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    event.preventDefault();
    void this.choose(ACTIONS[at]!.name);
  }

  private async choose(action: string): Promise<void> {
    if (this.busy || !this.you.due) return;
    this.busy = true;
    this.you.apply({ action, reason: "You chose it.", source: "human" });
    this.draw();
    if (!this.you.done) await this.train(this.you);
    this.busy = false;
    if (this.you.done) await this.end();
    else this.tell();
  }

  /** The person's run is over: the test set, once, and the brain's turn. */
  private async end(): Promise<void> {
    this.you.test = await this.trainer.test("you");
    this.draw();
    $("choices").hidden = true;
    const go = h("button", { type: "button", class: "go" },
      "Let the brain play the same run");
    go.addEventListener("click", () => this.brainPlays());
    $("after").replaceChildren(
      h("p", {}, "Your run is over. The brain gets the same network, the " +
        "same first weights, the same order of pictures."), go);
    $("after").hidden = false;
    go.focus({ preventScroll: true });
    this.say(`Your run is over at epoch ${this.you.epoch}.`);
  }

  // -- the brain's turn ----------------------------------------------------

  private async brainPlays(): Promise<void> {
    const note = h("p", { class: "thought" }, "It reads …");
    $("after").replaceChildren(h("p", {}, h("strong", {},
      "The brain plays.")), note);
    try {
      await this.thinker.ready(BRAINS_PLAY);
    } catch {
      $("after").replaceChildren(h("p", {}, "The brain could not be loaded, " +
        "so your run stands alone. "), link("00", "The same game in Colab"));
      return;
    }
    const run = new Run("brain", this.start.rate);
    const alone = new Run("nobody", this.start.rate);
    this.runs = [this.you, run, alone];
    for (const { name } of [run, alone]) {
      await this.trainer.start(name, this.start.seed, EPOCHS);
    }
    await this.train(run, 12);
    while (run.due) {
      const decision = await this.thinker.decide(BRAINS_PLAY, run.metrics);
      run.apply(decision);
      note.replaceChildren(...thought(run.decisions.at(-1)!));
      await wait(still.matches ? 0 : 350);
      if (!run.done) await this.train(run, 12);
    }
    run.test = await this.trainer.test("brain");
    while (!alone.done) {
      alone.metrics.push(await this.trainer.epoch("nobody", alone.rate));
    }
    alone.test = await this.trainer.test("nobody");
    this.compare();
  }

  /** Both curves in one picture, and what came out. */
  private compare(): void {
    this.finished = true;
    const [you, brain, alone] = this.runs as [Run, Run, Run];
    const words = verdict(you.test!, brain.test!, alone.test!);
    $("verdict").replaceChildren(
      h("p", { class: "small" }, "Accuracy on the test pictures, read " +
        "once"),
      h("div", { class: "scores" }, ...[you, brain, alone].map((run) =>
        h("p", { class: `score ${run.name}` },
          h("b", {}, `${one(run.test!)} %`), h("span", {}, run.name)))),
      h("p", {}, words, " One run says little: another seed, another start, " +
        "and the winner may change. ", link("07", "Notebook 07"),
      " compares so that it counts."));
    const again = (text: string, change: () => void, kind = "") => {
      const button = h("button", { type: "button", class: `go ${kind}` },
        text);
      button.addEventListener("click", async () => {
        change();
        await this.restart();
        $("choices").querySelector("button")?.focus({ preventScroll: true });
      });
      return button;
    };
    $("after").replaceChildren(
      again("Another start", () => {
        this.start = { seed: Math.floor(Math.random() * 1e6),
          rate: RATES[Math.floor(Math.random() * RATES.length)]! };
      }),
      again("The same again", () => {}, "quiet"));
    $("verdict").hidden = $("table-box").hidden = false;
    $("turn").hidden = $("now").hidden = true;
    $("table").replaceChildren(...tableRows(you, brain));
    this.draw();
    this.say(`You ${one(you.test!)} percent, the brain ` +
      `${one(brain.test!)} percent, nobody ${one(alone.test!)} percent. ` +
      words);
    $("after").querySelector("button")?.focus({ preventScroll: true });
  }

  // -- what is shown -------------------------------------------------------

  private draw(): void {
    drawChart($<SVGSVGElement>("game-chart"), this.runs,
      { epochs: EPOCHS, detail: this.runs.length === 1 });
    const run = this.finished ? undefined : this.runs[1] ?? this.runs[0];
    const ready = !this.busy && this.you.due;
    for (const button of $("choices").querySelectorAll("button")) {
      button.disabled = !ready;
    }
    if (!run?.metrics.length) return;
    $("now").replaceChildren(...tiles(run));
    if (run !== this.you) {
      $("turn").replaceChildren(h("strong", {}, "The brain"),
        ` · epoch ${run.epoch} of ${EPOCHS}`);
      return;
    }
    $("turn").replaceChildren(h("strong", {}, `Epoch ${run.epoch}`),
      ` of ${EPOCHS} · ${run.done ? "no decision" : run.left === 1
        ? "1 decision" : `${run.left} decisions`} left`);
    $("game-prompt").textContent = messages(run.metrics)[1]!.content;
  }

  private tell(): void {
    this.draw();
    const now = this.you.metrics.at(-1)!;
    const before = this.you.metrics.at(-1 - EVERY);
    const changed = before && now.val_acc! - before.val_acc!;
    this.say(`Epoch ${now.epoch}. Validation accuracy ${one(now.val_acc!)} ` +
      `percent${changed === undefined ? "" : `, ${one(Math.abs(changed))} ` +
        `points ${changed < 0 ? "lower" : "higher"}`}. Learning rate ` +
      `${rate(this.you.rate)}. ${count(this.you.left, "decision")} left.`);
  }

  private say(text: string): void {
    $("spoken").textContent = text;
  }

  private async showGuesses(run: Run): Promise<void> {
    const guesses = await this.trainer.predict(run.name, SHOWN);
    for (const [i, item] of [...$("digits").children].entries()) {
      const right = guesses[i] === this.labels[i];
      item.className = right ? "right" : "wrong";
      item.querySelector(".guess")!.textContent = String(guesses[i]);
      item.setAttribute("aria-label", `a ${this.labels[i]}, read as ` +
        `${guesses[i]}`);
    }
  }
}

/** Numbers of now, and how they changed since the last decision. */
function tiles(run: Run): HTMLElement[] {
  const now = run.metrics.at(-1)!;
  const since = Math.floor((run.epoch - 1) / EVERY) * EVERY;
  const before = since ? run.metrics[since - 1] : undefined;
  const tile = (
    name: string, pick: (m: Metrics) => number, write: (x: number) => string,
    goodUp: boolean | null,
  ) => {
    const value = pick(now);
    const change = before ? value - pick(before) : 0;
    const kind = goodUp === null || !change || !Number.isFinite(change) ? ""
      : (change > 0) === goodUp ? "good" : "bad";
    return h("div", {}, h("dt", {}, name), h("dd", {}, write(value),
      kind && h("small", { class: kind },
        `${change > 0 ? "▲" : "▼"} ${write(Math.abs(change))}`)));
  };
  const loss = (x: number) => Number.isFinite(x) ? rate(x) : String(x);
  return [
    tile("validation", (m) => m.val_acc!, one, true),
    tile("training", (m) => m.train_acc!, one, true),
    tile("loss", (m) => m.train_loss!, loss, false),
    tile("rate", () => run.rate, rate, null),
    h("div", { class: "hidden" }, h("dt", {}, "gap"),
      h("dd", {}, one(gapOf(now)!))),
  ];
}

/** A decision of the brain as it plays. */
const thought = (decision: Decision): (Node | string)[] => [
  symbol(decision.action), h("strong", {}, title(decision.action)),
  decision.source === "model"
    ? ` (${percent(decision)})` : " (by the rules)",
  h("span", { class: "quote" }, decision.reason)];

const percent = (decision: Decision): string =>
  `${Math.round(100 * (decision.probabilities?.[decision.action] ?? 0))} %`;

function verdict(you: number, brain: number, alone: number): string {
  const apart = Math.abs(you - brain);
  const who = apart < 0.5 ? "You and the brain ended level"
    : you > brain ? `You ended ${one(apart)} points above the brain`
      : `The brain ended ${one(apart)} points above you`;
  const help = Math.max(you, brain) - alone;
  return `${who}. Without any decision the run would have ` +
    `${help > 0.5 ? "ended at" : help < -0.5 ? "done better:"
      : "ended about level:"} ${one(alone)} %.`;
}

function tableRows(you: Run, brain: Run): HTMLElement[] {
  const cell = (run: Run, epoch: number) => {
    const decision = run.decisions.find((d) => d.epoch === epoch);
    return h("td", {}, ...(decision ? [symbol(decision.action),
      ` ${title(decision.action)}`] : ["–"]));
  };
  const epochs = [...new Set([...you.decisions, ...brain.decisions]
    .map((d) => d.epoch!))].sort((a, b) => a - b);
  return [
    h("thead", {}, h("tr", {}, ...["epoch", "you", "brain", "sure",
      "the brain's reason"].map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", {}, ...epochs.map((epoch) => {
      const told = brain.decisions.find((d) => d.epoch === epoch);
      return h("tr", {}, h("th", { scope: "row" }, String(epoch)),
        cell(you, epoch), cell(brain, epoch),
        h("td", {}, told ? told.source === "model" ? percent(told) : "rules"
          : ""),
        h("td", {}, told?.reason ?? ""));
    })),
  ];
}

export const link = (which: string, text: string): HTMLElement =>
  h("a", { href: tables.links[which]! }, text);

/** One digit, 8 x 8 pixels, in the page's own ink. */
const picture = (pixels: Float32Array): SVGElement =>
  s("svg", { viewBox: "0 0 8 8", "aria-hidden": "true" },
    ...[...pixels].flatMap((ink, i) => ink < 0.06 ? [] : [s("rect", {
      x: i % 8, y: Math.floor(i / 8), width: 1.02, height: 1.02,
      "fill-opacity": ink.toFixed(2),
    })]));
