// Small helpers to make elements.

type Attributes = Record<string, string | number | boolean | undefined>;
type Child = Node | string | null | undefined | false;

export const $ = <T extends Element = HTMLElement>(id: string): T =>
  document.getElementById(id) as unknown as T;

function fill<T extends Element>(
  element: T, attributes: Attributes, children: Child[],
): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((c) => c || c === "") as Node[]);
  return element;
}

/** An HTML element. */
export const h = <K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]
): HTMLElementTagNameMap[K] =>
  fill(document.createElement(tag), attributes, children);

/** An SVG element. */
export const s = <K extends keyof SVGElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]
): SVGElementTagNameMap[K] => fill(
    document.createElementNS("http://www.w3.org/2000/svg", tag), attributes,
    children);

/** A number for people: one digit after the point. */
export const one = (x: number): string =>
  Number.isFinite(x) ? x.toFixed(1) : String(x);

/** A rate for people: three digits that count. */
export const rate = (x: number): string => String(Number(x.toPrecision(3)));

export const wait = (milliseconds: number): Promise<void> =>
  new Promise((done) => setTimeout(done, milliseconds));

export const still = matchMedia("(prefers-reduced-motion: reduce)");
