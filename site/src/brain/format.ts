// Numbers as Python's format() writes them. JavaScript's own toFixed and
// toPrecision round exact ties up, Python to the even digit, and 76.25 % of
// 400 pictures is such a tie. Knows nothing about metrics.

/** f"{x:.{digits}f}", with a plus sign where `sign` is true. */
export function fixed(x: number, digits: number, sign = false): string {
  if (!Number.isFinite(x)) return notFinite(x, sign);
  const size = Math.abs(x);
  const [whole, rest = ""] = size < 1e21 ? size.toFixed(100).split(".")
    : [BigInt(size).toString(), "0".repeat(digits)];
  const kept = halfEven(whole + rest, whole!.length + digits);
  const cut = kept.length - digits;
  return signOf(x, sign) + kept.slice(0, cut) +
    (digits ? "." + kept.slice(cut) : "");
}

/** f"{x:.{digits}g}": that many digits that count, no zeros at the end. */
export function general(x: number, digits: number): string {
  if (!Number.isFinite(x)) return notFinite(x, false);
  if (x === 0) return signOf(x, false) + "0";
  const [mantissa, exponent] = scientific(x, digits);
  if (exponent < -4 || exponent >= digits) {
    return signOf(x, false) + withoutZeros(pointed(mantissa, 1)) +
      power(exponent);
  }
  const text = exponent < 0 ? "0." + "0".repeat(-exponent - 1) + mantissa
    : pointed(mantissa, exponent + 1);
  return signOf(x, false) + withoutZeros(text);
}

/** f"{x:.0e}", with a plus sign where `sign` is true. */
export function exponential(x: number, sign = false): string {
  if (!Number.isFinite(x)) return notFinite(x, sign);
  const [mantissa, exponent] = x === 0 ? ["0", 0] : scientific(x, 1);
  return signOf(x, sign) + mantissa + power(exponent);
}

/** Digits of |x| rounded to so many, and the power of ten of the first. */
function scientific(x: number, digits: number): [string, number] {
  const [mantissa, exponent] = Math.abs(x).toExponential(100).split("e");
  const kept = halfEven(mantissa!.replace(".", ""), digits);
  const carried = kept.length - digits; // 9.99 became 10.0
  return [kept.slice(0, digits), Number(exponent) + carried];
}

/** The first `n` of exact decimal digits, ties to the even digit. */
function halfEven(digits: string, n: number): string {
  const kept = digits.slice(0, n) || "0";
  const rest = digits.slice(n).replace(/0+$/, "");
  const odd = Number(kept.at(-1)) % 2 === 1;
  if (rest < "5" || (rest === "5" && !odd)) return kept;
  return (BigInt(kept) + 1n).toString().padStart(n, "0");
}

const pointed = (digits: string, at: number): string =>
  at < digits.length ? `${digits.slice(0, at)}.${digits.slice(at)}` : digits;

const withoutZeros = (text: string): string =>
  text.includes(".") ? text.replace(/\.?0+$/, "") : text;

const power = (n: number): string =>
  `e${n < 0 ? "-" : "+"}${String(Math.abs(n)).padStart(2, "0")}`;

const signOf = (x: number, sign: boolean): string =>
  x < 0 || Object.is(x, -0) ? "-" : sign ? "+" : "";

const notFinite = (x: number, sign: boolean): string =>
  Number.isNaN(x) ? (sign ? "+nan" : "nan")
    : x < 0 ? "-inf" : sign ? "+inf" : "inf";

/** "1 decision", "2 decisions". */
export const count = (n: number, noun: string): string =>
  `${n} ${noun}${n === 1 ? "" : "s"}`;
