// A run that Python recorded, decision by decision.

import { fetchJson } from "../brain/files";
import type { Decision, Metrics } from "../brain/tables";
import { spoken } from "../brain/tables";
import { $, h, one, rate, still } from "../dom";
import { link } from "../game/game";
import { RECORDED } from "../player";
import type { Series } from "./chart";
import { drawChart } from "./chart";
import { symbol, title } from "./looks";

interface Recorded {
  settings: { lr: number; epochs: number };
  metrics: Metrics[];
  decisions: Decision[];
  test_acc: number;
  constant: Metrics[];
  constant_test_acc: number;
}

const TICK = 110; // milliseconds an epoch
const WHO: Record<string, string> = {
  model: "the brain", guard: "a guard", fallback: "the rules",
};

export class Replay {
  private run!: Recorded;
  private timer: ReturnType<typeof setInterval> | undefined;
  private slider = $<HTMLInputElement>("replay-epoch");

  async begin(): Promise<void> {
    this.run = await fetchJson(RECORDED);
    const { settings, test_acc, constant_test_acc } = this.run;
    $("replay-lead").replaceChildren(
      `This run was trained in Python, from a rate of ${settings.lr}, with ` +
      "guards (rules that overrule harmful decisions). It ended at " +
      `${one(test_acc)} % on test pictures; the same run at a constant rate ` +
      `at ${one(constant_test_acc)} %. `,
      link("06", "Notebook 06"));
    this.slider.max = String(settings.epochs);
    this.slider.value = this.slider.max;
    this.slider.addEventListener("input", () => this.show());
    $("play").addEventListener("click", () =>
      this.timer === undefined ? this.play() : this.pause());
    addEventListener("resize", () => this.show());
    this.show();
  }

  private play(): void {
    if (this.slider.value === this.slider.max) this.slider.value = "1";
    this.button("❚❚", "Pause");
    const jump = still.matches ? 5 : 1;
    this.timer = setInterval(() => {
      this.slider.value = String(Number(this.slider.value) + jump);
      this.show();
      if (this.slider.value === this.slider.max) this.pause();
    }, TICK * jump);
  }

  private pause(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.button("▶", "Play");
  }

  private button(sign: string, what: string): void {
    $("play").textContent = sign;
    $("play").setAttribute("aria-label", what);
  }

  private show(): void {
    const epoch = Number(this.slider.value);
    const { metrics, decisions, constant, settings } = this.run;
    const share = (epoch - 1) / (settings.epochs - 1);
    this.slider.style.setProperty("--share", `${100 * share}%`);
    this.slider.setAttribute("aria-valuetext", `epoch ${epoch}`);
    const seen: Series[] = [
      { name: "brain", metrics: metrics.slice(0, epoch),
        decisions: decisions.filter((d) => d.epoch! <= epoch) },
      { name: "constant", metrics: constant.slice(0, epoch),
        decisions: [] }];
    drawChart($<SVGSVGElement>("replay-chart"), seen,
      { epochs: settings.epochs, upTo: epoch });
    const last = seen[0]!.decisions.at(-1);
    $("replay-now").replaceChildren(
      h("p", { class: "turn-line" }, h("strong", {}, `Epoch ${epoch}`),
        ` of ${settings.epochs}`),
      ...(last ? decided(last) : [h("p", { class: "small" },
        "No decision yet.")]));
  }
}

/** A decision in words: what, by whom, from which rate to which. */
const decided = (d: Decision): Node[] => [
  h("p", { class: "decided" }, symbol(d.action, 18), title(d.action)),
  h("p", { class: "small" }, `Epoch ${d.epoch}, by ` +
    `${WHO[d.source] ?? spoken(d.source)}` +
    `${d.source === "model" && d.probabilities ? `, ${Math.round(
      100 * d.probabilities[d.action]!)} % sure` : ""}. Rate ` +
    (d.new_lr === d.old_lr ? `${rate(d.old_lr!)}, kept.`
      : `${rate(d.old_lr!)} → ${rate(d.new_lr!)}.`)),
  h("p", { class: "reason" }, `“${d.reason}”`)];
