// The reply of a language model -> an action and a reason, or null where it
// holds none: agentic_lib's parser.py step by step, with the patterns of its
// wording.py, which export.py translates for JavaScript.

import { ACTIONS, tables } from "./tables";
import type { Action } from "./tables";

export interface Reading {
  action: string;
  reason: string;
}

/** An action found in a sentence; weight and certainty as in Python. */
interface Mention {
  action: Action;
  start: number;
  end: number;
  sure: boolean;
  weight: number;
}

const { limit, no_reason, regexps, plain, actions } = tables.parser;
const compiled = new Map<string, RegExp>();
const BY_ACTION = actions.map(([source, flags]) => new RegExp(source, flags));
const PLAIN = plain.map(([source, flags, replacement]) =>
  [new RegExp(source, flags), replacement] as const);

/** One of wording.py's patterns. */
function pattern(name: string): RegExp {
  let found = compiled.get(name);
  if (!found) {
    const [source, flags] = regexps[name]!;
    found = new RegExp(source, flags);
    compiled.set(name, found);
  }
  found.lastIndex = 0;
  return found;
}

const search = (name: string, text: string): RegExpExecArray | null =>
  pattern(name).exec(text);

/** Python's match: it must begin at `from`. */
function matchAt(
  name: string, text: string, from = 0,
): RegExpExecArray | null {
  const sticky = new RegExp(pattern(name).source, "vy");
  sticky.lastIndex = from;
  return sticky.exec(text);
}

/** Python's fullmatch. */
const isAll = (name: string, text: string): boolean => new RegExp(
  `(?<![\\s\\S])(?:${pattern(name).source})(?![\\s\\S])`, "v").test(text);

/** The decision that a reply holds, or null. */
export function parseDecision(reply: string): Reading | null {
  const text = plainText(withoutThinking(reply));
  let found = withoutEchoes(mentions(mendNames(text)));
  const weight = Math.max(...found.map((m) => m.weight));
  found = found.filter((m) => m.weight === weight);
  const named = new Set(found.map((m) => m.action));
  if (named.size !== 1 || !found.some((m) => m.sure)) return null;
  return { action: found[0]!.action.name, reason: reasonIn(text) };
}

function partition(text: string, mark: string): [string, boolean, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, false, ""]
    : [text.slice(0, at), true, text.slice(at + mark.length)];
}

function afterLast(text: string, mark: string): [boolean, string] {
  const at = text.lastIndexOf(mark);
  return at < 0 ? [false, text] : [true, text.slice(at + mark.length)];
}

/** Without <think> blocks; one that is cut off hides the rest. */
function withoutThinking(reply: string): string {
  const [before, , thought] = partition(reply, "<think>");
  const [closed, after] = afterLast(thought, "</think>");
  const kept = afterLast(before, "</think>")[1];
  return `${kept}\n${closed ? partition(after, "<think>")[0] : ""}`;
}

function plainText(reply: string): string {
  const signs = [...reply];
  if (signs.length > 2 * limit) { // the sentences that are cut go, too
    const split = (part: string[]) =>
      part.join("").split(pattern("SENTENCE_END"));
    reply = [...split(signs.slice(0, limit)).slice(0, -1),
      ...split(signs.slice(-limit)).slice(1)].join("\n");
  }
  let text = reply.replaceAll("\\boxed{", "\nanswer: ").normalize("NFKC")
    .replaceAll("’", "'");
  for (const { name, line } of ACTIONS) {
    for (const quoted of [line, line.slice(name.length + 2)]) {
      text = text.replace(new RegExp(escaped(quoted), "giv"), () => name);
    }
  }
  for (const [from, to] of PLAIN) text = text.replace(from, to);
  return text;
}

const escaped = (text: string): string =>
  text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** Writes a name that is misspelt, joined otherwise or cut off as it is. */
function mendNames(text: string): string {
  const keys = ACTIONS.map(({ name }) => [squash(name), name] as const);
  return text.replace(pattern("WORD"), (word) => {
    const letters = squash(word);
    const exact = keys.find(([key]) => key === letters);
    if (exact) return exact[1];
    const joined = search("JOINED", word) !== null;
    const near = keys.filter(([key]) => (length(letters) > 5 &&
        oneTypo(letters, key) && (joined || !letters.includes(key))) ||
      (length(letters) > 4 && joined && key.startsWith(letters)));
    return near.length === 1 ? near[0]![1]
      : word.replace(pattern("JOINT"), " ");
  });
}

const squash = (name: string): string =>
  name.toLowerCase().replace(/[_-]/g, "");
const length = (text: string): number => [...text].length;

/** One letter too many, too few, wrong or swapped. */
function oneTypo(one: string, two: string): boolean {
  let a = [...one], b = [...two];
  const shared = (x: string[], y: string[]) => {
    let n = 0;
    while (n < x.length && n < y.length && x[n] === y[n]) n++;
    return n;
  };
  const start = shared(a, b);
  [a, b] = [a.slice(start), b.slice(start)];
  const end = shared(a.toReversed(), b.toReversed());
  [a, b] = [a.slice(0, a.length - end), b.slice(0, b.length - end)];
  return Math.max(a.length, b.length) <= 1 ||
    (a.length === 2 && a[0] === b[1] && a[1] === b[0] && b.length === 2);
}

/** Every action that is named and not refused, in the text's order. */
function mentions(text: string): Mention[] {
  const lines = strip(text.replaceAll("?", " ?\n"))
    .split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/v);
  return lines.flatMap((line) =>
    line.split(pattern("SENTENCE_END")).flatMap((part, i) => {
      const words = tokens(part);
      let found = withoutLead(named(words), words);
      if (!found.length) {
        found = oneWord(words, lines.length === 1 && i === 0);
      }
      return weighed(found, words, i === 0);
    }));
}

const strip = (text: string): string =>
  text.replace(/^[\s\x1c-\x1f\x85]+|[\s\x1c-\x1f\x85]+$/gv, "");

/** Lower-case words with one space around each, " , " between clauses. */
function tokens(sentence: string): string {
  let text = sentence.toLowerCase().replace(pattern("CONNECTIVE"), ", $&")
    .replace(pattern("CLAUSE_SIGN"), " : ");
  const at = text.lastIndexOf(", or ");
  if (at > 0) {
    text = `${text.slice(0, at).replaceAll(",", " ")} or ` +
      text.slice(at + 5);
  }
  text = text.replace(pattern("COMMA"), " , ")
    .replace(pattern("CHINESE"), " $& ");
  return ` ${(text.match(pattern("TOKEN")) ?? []).join(" ")} `;
}

function named(words: string): Mention[] {
  const found = ACTIONS.flatMap((action, i) =>
    [...words.matchAll(BY_ACTION[i]!)].map((match) => {
      const [start, end] = [match.index, match.index + match[0].length];
      return {
        action, start, end, weight: 0, sure: isSure(action, words, start,
          end),
      };
    }).filter((m) => !refused(words, m.start, m.end)));
  return found.sort((a, b) => a.start - b.start);
}

/** True where the sentence names an action but does not choose it. */
function refused(words: string, start: number, end: number): boolean {
  const before = words.slice(0, Math.max(0, start));
  const upTo = words.slice(0, start + 1);
  const label = search("SHORT_LABEL", start < 0 ? words.slice(0, start)
    : before);
  return words.includes("?") || search("CONDITION", upTo) !== null ||
    search("REFUSAL", words.slice(lastClause(words, start), start + 1)) !==
      null ||
    (label !== null && search("REFUSAL", label[0]) !== null) ||
    matchAt("VERDICT", words.slice(end)) !== null;
}

/** False for a stop in a clause that says more than that. */
function isSure(
  action: Action, words: string, start: number, end: number,
): boolean {
  const before = words.slice(lastClause(words, start), start);
  return !action.stop || (isAll("BEFORE_STOP", before) &&
    isAll("AFTER_STOP", words.slice(end, -1)));
}

/** Where the clause begins that `end` lies in. */
function lastClause(words: string, end: number): number {
  const part = words.slice(0, end);
  return Math.max(0, part.lastIndexOf(" ,"), part.lastIndexOf(" :"));
}

/** An answer of one word: a letter, a number, a verb, a name's beginning. */
function oneWord(words: string, only: boolean): Mention[] {
  const label = search("LABELLED", words);
  const starts = label ? [label.index + label[0].length]
    : [0, lastClause(words, -2)];
  let found: Mention[] = [];
  for (const from of starts) {
    const match = matchAt("ONE_WORD", words, from);
    if (!match || found.length) continue;
    const word = match[1]!;
    const end = match.index + match[0].length, start = end - word.length;
    const alone = words.replace(/^[ :,]+|[ :,]+$/g, "") === word;
    const sure = label !== null || (alone && only);
    const letterWillDo = sure || alone || (only && match.index === 0);
    found = ACTIONS.filter((action, i) =>
      ((sure && [String(i + 1), ...action.words].includes(word)) ||
       (letterWillDo && word === String.fromCharCode(97 + i)) ||
       (length(word) > 3 && action.name.toLowerCase().startsWith(word))) &&
      !refused(words, start - 1, end),
    ).map((action) => ({ action, start, end, sure: true, weight: 0 }));
  }
  return found;
}

/** "continue, but with a lower rate" is no `continue`. */
function withoutLead(found: Mention[], words: string): Mention[] {
  const leads = (m: Mention) => m.action.factor === 1 && !m.action.stop &&
    found.some((other) => other.action.factor !== 1 &&
      other.start >= m.end && search("QUALIFIER",
      words.slice(m.end, other.start + 1)) !== null);
  return found.filter((m) => !leads(m));
}

/** With their weights; an action named twice in a row counts once. */
function weighed(
  found: Mention[], words: string, opensLine: boolean,
): Mention[] {
  const label = search("LABELLED", words);
  const result: Mention[] = [];
  for (const [i, mention] of found.entries()) {
    let m = mention;
    if (label && m.end > label.index + label[0].length) {
      m = { ...m, weight: label[1] ? 2 : 1 };
    } else if (i === 0 && opensLine && isHead(words, found[0]!, found[1])) {
      m = { ...m, weight: 1 };
    }
    if (result.at(-1)?.action !== m.action) result.push(m);
  }
  return result;
}

/** The line begins with the first mention and a colon or an end. */
function isHead(words: string, first: Mention, second?: Mention): boolean {
  const ends = (m: Mention) => words.slice(m.end).trim() === "" ||
    words.startsWith(" :", m.end);
  const listed = second && second.start === first.end + 2 && ends(second);
  return isAll("MARKER", words.slice(0, first.start)) && ends(first) &&
    !listed;
}

/** Drops every run of mentions that names all actions once. */
function withoutEchoes(found: Mention[]): Mention[] {
  const kept: Mention[] = [];
  for (let i = 0; i < found.length;) {
    const run = new Set(found.slice(i, i + ACTIONS.length)
      .map((m) => m.action));
    if (run.size === ACTIONS.length) {
      i += ACTIONS.length;
    } else {
      kept.push(found[i]!);
      i++;
    }
  }
  return kept;
}

/** The model's own sentence, or a note that it wrote none. */
function reasonIn(text: string): string {
  const words = (part: string) => strip(part).split(/[\s\x1c-\x1f\x85]+/v)
    .filter(Boolean);
  const given = search("REASON", text);
  if (given) return words(given[1]!).join(" ");
  for (const part of text.split(pattern("REASON_END"))) {
    const { source, flags } = pattern("HEAD");
    const sentence = part
      .replace(new RegExp(source, flags.replace("g", "")), "")
      .replace(/^[ ,;:\-]+|[ ,;:\-]+$/g, "");
    if (words(tokens(sentence)).length > 2) return words(sentence).join(" ");
  }
  return no_reason;
}
