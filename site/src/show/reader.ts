// The parser at work on a reply that one can change.

import { parseDecision } from "../brain/parser";
import { $, h } from "../dom";
import { symbol, title } from "./looks";

// Ways in which models write; the last one holds no decision.
const SAMPLES = [
  "<think>Continue? No.</think>\n**Answer:** B, the gap is large.",
  "I would not stop. Lower the LR a bit.",
  '{"action": "increaseLearningRate", "reason": "It crawls."}',
  "Continue or stop, who knows?",
];

export class Reader {
  private field = $<HTMLTextAreaElement>("reply");
  private untouched = true;

  constructor() {
    this.field.addEventListener("input", () => {
      this.untouched = false;
      this.show();
    });
    $("samples").append(...SAMPLES.map((sample) => {
      const button = h("button", { type: "button" },
        sample.replaceAll("\n", " "));
      button.addEventListener("click", () => {
        this.untouched = false;
        this.field.value = sample;
        this.show();
      });
      return button;
    }));
    this.show();
  }

  /** What the brain just wrote, unless somebody has begun to write here. */
  offer(reply: string): void {
    if (!this.untouched) return;
    this.field.value = reply;
    this.show();
  }

  private show(): void {
    const found = parseDecision(this.field.value);
    $("read").replaceChildren(...(found
      ? [symbol(found.action, 16), h("strong", {}, title(found.action)),
        h("span", { class: "small" }, found.reason)]
      : [h("strong", {}, "No decision."), h("span", { class: "small" },
        "The parser does not guess; the rules would stand in.")]));
  }
}
