// Fetching what the build packed.

/** The bytes of one of the site's files; unpacked where they are packed, so
 *  that a server that unpacks by itself does no harm. */
export async function fetchBytes(address: string): Promise<Uint8Array> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: HTTP ${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const unpacked = new Blob([bytes]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

/** The same, read as JSON. */
export async function fetchJson(address: string): Promise<any> {
  const text = new TextDecoder().decode(await fetchBytes(address));
  return unspell(JSON.parse(text));
}

/** JSON has no nan and no infinity: Python's files spell them as
 *  {"float": "nan"}. */
export function unspell(value: any): any {
  if (Array.isArray(value)) return value.map(unspell);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.float === "string") {
    return value.float === "nan" ? NaN
      : value.float === "inf" ? Infinity : -Infinity;
  }
  return Object.fromEntries(Object.entries(value).map(
    ([key, item]) => [key, unspell(item)]));
}
