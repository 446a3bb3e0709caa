// The picture of runs: accuracy above, learning rate below, decisions as
// markers on the rate. Knows nothing about where runs come from.

import { count } from "../brain/format";
import type { Decision, Metrics } from "../brain/tables";
import { spoken } from "../brain/tables";
import { one, rate, s } from "../dom";
import { marker } from "./looks";

export interface Series {
  name: string;  // "you", "brain", "nobody": also its class
  metrics: Metrics[];
  decisions: Decision[];
  test?: number;
}

interface Options {
  epochs: number;
  detail?: boolean; // training accuracy of the first series, too
  upTo?: number;    // a line at this epoch
}

const SPACE = { left: 36, right: 72, top: 22, between: 34, bottom: 26 };

/** Draws all series into `svg`, as wide as it is on the page. */
export function drawChart(
  svg: SVGSVGElement, series: Series[], options: Options,
): void {
  const width = Math.max(280, svg.clientWidth || 600);
  const height = Math.max(180, svg.clientHeight || 360);
  const inner = width - SPACE.left - SPACE.right;
  const room = height - SPACE.top - SPACE.between - SPACE.bottom;
  const upper = { top: SPACE.top, height: Math.round(room * 0.64) };
  const lower = {
    top: upper.top + upper.height + SPACE.between,
    height: Math.round(room * 0.36),
  };
  const x = (epoch: number) => SPACE.left + inner * epoch / options.epochs;
  const acc = (value: number) =>
    upper.top + upper.height * (1 - value / 100);
  const [low, high] = rateRange(series);
  const lr = (value: number) => lower.top + lower.height *
    (1 - (Math.log10(value) - low) / (high - low));

  const parts: SVGElement[] = [];
  for (const value of [0, 25, 50, 75, 100]) {
    parts.push(gridLine(SPACE.left, width - SPACE.right, acc(value),
      value % 50 ? "" : String(value)));
  }
  for (let power = Math.ceil(low - 1e-9); power <= high + 1e-9; power++) {
    parts.push(gridLine(SPACE.left, width - SPACE.right, lr(10 ** power),
      String(Number((10 ** power).toPrecision(1)))));
  }
  parts.push(
    label(`validation accuracy, %${options.detail ? " (thin: training)"
      : ""}`, SPACE.left, upper.top - 8),
    label("learning rate", SPACE.left, lower.top - 8),
    ...epochTicks(options.epochs).map((epoch) => s("text", {
      x: x(epoch), y: height - 7, class: "tick middle",
    }, String(epoch))),
    label("epoch", width - SPACE.right + 20, height - 7));
  if (options.upTo !== undefined) {
    parts.push(s("line", {
      x1: x(options.upTo), x2: x(options.upTo), y1: upper.top,
      y2: lower.top + lower.height, class: "now-line",
    }));
  }
  for (const one of [...series].reverse()) { // the first lies on top
    if (options.detail && one === series[0]) {
      parts.push(line(one.metrics, "train_acc", x, acc, `${one.name} thin`));
    }
    parts.push(line(one.metrics, "val_acc", x, acc, one.name),
      rateLine(one.metrics, x, lr, one.name));
  }
  for (const one of [...series].reverse()) {
    for (const decision of one.decisions) {
      const at = decision.old_lr ?? one.metrics[0]?.learning_rate ?? 1;
      const small = one === series[0] ? 1 : 0.72;
      parts.push(marker(decision.action, x(decision.epoch ?? 0), lr(at),
        small, decision.source === "fallback"));
    }
  }
  parts.push(...endLabels(series, x, acc));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-label", describeChart(series));
  svg.replaceChildren(...parts);
}

function rateRange(series: Series[]): [low: number, high: number] {
  const rates = series.flatMap((one) => [
    ...one.metrics.map((m) => m.learning_rate ?? 0),
    ...one.decisions.map((d) => d.new_lr ?? 0)]).filter((r) => r > 0);
  const logs = rates.map(Math.log10);
  const low = Math.min(...logs, 0), high = Math.max(...logs, -1);
  const from = rates.length ? Math.min(...logs) : low;
  const to = rates.length ? Math.max(...logs) : high;
  const missing = Math.max(0, 1.6 - (to - from)) / 2; // a decade and a half
  return [from - missing - 0.1, to + missing + 0.1];
}

const gridLine = (x1: number, x2: number, y: number, text: string) =>
  s("g", { class: "grid" },
    s("line", { x1, x2, y1: y, y2: y }),
    text && s("text", { x: x1 - 7, y: y + 4, class: "tick end" }, text));

const label = (text: string, x: number, y: number) =>
  s("text", { x, y, class: "label" }, text);

function epochTicks(epochs: number): number[] {
  const step = epochs > 60 ? 20 : 10;
  return Array.from({ length: Math.floor(epochs / step) + 1 },
    (_, i) => i * step);
}

function line(
  metrics: Metrics[], name: "val_acc" | "train_acc",
  x: (v: number) => number, y: (v: number) => number, kind: string,
): SVGElement {
  const points = metrics.filter((m) => m[name] !== null)
    .map((m) => `${x(m.epoch).toFixed(1)} ${y(m[name]!).toFixed(1)}`);
  return s("path", {
    d: points.length ? `M${points.join("L")}` : "", class: `line ${kind}`,
  });
}

/** Steps: a rate holds for an epoch, then the next one holds. */
function rateLine(
  metrics: Metrics[], x: (v: number) => number, y: (v: number) => number,
  kind: string,
): SVGElement {
  const steps = metrics.map((m) => {
    const at = y(m.learning_rate ?? 1).toFixed(1);
    return `${x(m.epoch - 1).toFixed(1)} ${at}L${x(m.epoch).toFixed(1)} ${at}`;
  });
  return s("path", {
    d: steps.length ? `M${steps.join("L")}` : "", class: `line step ${kind}`,
  });
}

/** Names and last values at the lines' ends, moved apart where they meet. */
function endLabels(
  series: Series[], x: (v: number) => number, y: (v: number) => number,
): SVGElement[] {
  const ends = series.filter((one) => one.metrics.length).map((one) => {
    const last = one.metrics.at(-1)!;
    return { one, x: x(last.epoch), y: y(last.val_acc ?? 0), last };
  }).sort((a, b) => a.y - b.y);
  for (let i = 1; i < ends.length; i++) {
    const gap = ends[i]!.y - ends[i - 1]!.y;
    if (gap < 28 && Math.abs(ends[i]!.x - ends[i - 1]!.x) < 70) {
      ends[i]!.y += 28 - gap;
    }
  }
  return ends.map((end) => s("g", { class: `name ${end.one.name}` },
    s("circle", {
      cx: end.x, cy: y(end.last.val_acc ?? 0), r: 3.5,
    }),
    s("text", { x: end.x + 9, y: end.y }, end.one.name),
    s("text", { x: end.x + 9, y: end.y + 13, class: "value" },
      one(end.last.val_acc ?? NaN))));
}

/** The picture in words. */
export function describeChart(series: Series[]): string {
  return series.filter((run) => run.metrics.length).map((run) => {
    const first = run.metrics[0]!, last = run.metrics.at(-1)!;
    const counts = new Map<string, number>();
    for (const { action } of run.decisions) {
      counts.set(action, (counts.get(action) ?? 0) + 1);
    }
    const said = [...counts].map(([name, n]) =>
      `${spoken(name)} ${count(n, "time")}`);
    return `${run.name}: validation accuracy from ` +
      `${one(first.val_acc ?? NaN)} % at epoch ${first.epoch} to ` +
      `${one(last.val_acc ?? NaN)} % at epoch ${last.epoch}, learning rate ` +
      `from ${rate(first.learning_rate ?? NaN)} to ` +
      `${rate(last.learning_rate ?? NaN)}` +
      `${said.length ? `; decisions: ${said.join(", ")}` : ""}.`;
  }).join(" ");
}
