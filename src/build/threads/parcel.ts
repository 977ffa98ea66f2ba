// Values on their way to another thread: only those that arrive as they were sent, and for any other the sentence that says where it is.

import { types } from "node:util";
import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";

/** For `postMessage`: within one message an object stays one, so what is listed is what is in `value`. */
export interface Packed<T = unknown> {
  readonly value: T;
  /** Structured clone makes plain byte arrays of them. */
  readonly buffers: readonly Uint8Array[];
  /** Structured clone gives them a prototype. */
  readonly bare: readonly object[];
}

/** Where a part of a value is. */
interface Path {
  readonly within: Path | undefined;
  readonly name: string;
}

interface Place {
  readonly value: unknown;
  readonly path: Path | undefined;
}

/** Error: THREAD_REFUSED, naming the part of `value` that cannot cross. */
export function pack<T>(value: T, where: string): Packed<T> {
  const buffers: Uint8Array[] = [];
  const bare: object[] = [];
  const seen = new Set<object>();
  const open: Place[] = [{ value, path: undefined }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value: part, path } = next;
    if (typeof part === "function" || typeof part === "symbol") throw refused(part, path, where);
    if (typeof part !== "object" || part === null || seen.has(part)) continue;
    seen.add(part);
    if (Buffer.isBuffer(part)) buffers.push(part);
    else if (Object.getPrototypeOf(part) === null) bare.push(part);
    const inner = partsOf(part, path);
    if (inner === undefined) throw refused(part, path, where);
    // Backwards, so that the first that is wrong is the one that is told.
    for (let at = inner.length - 1; at >= 0; at--) open.push(inner[at]!);
  }
  return { value, buffers, bare };
}

/** What was packed, in the thread that received it. */
export function unpack<T>({ value, buffers, bare }: Packed<T>): T {
  for (const bytes of buffers) Object.setPrototypeOf(bytes, Buffer.prototype as object);
  for (const record of bare) Object.setPrototypeOf(record, null);
  return value;
}

/** What is in an object; `undefined` for one of a kind that would arrive as another. */
function partsOf(thing: object, path: Path | undefined): readonly Place[] | undefined {
  // A proxy may say anything of itself.
  if (types.isProxy(thing)) return undefined;
  if (ArrayBuffer.isView(thing)) return isBytes(thing) ? [] : undefined;
  const prototype: unknown = Object.getPrototypeOf(thing);
  if (prototype === Array.prototype) {
    const lost = Object.getOwnPropertySymbols(thing).length > 0;
    return lost ? undefined : membersOf(thing as readonly unknown[], path);
  }
  if (!isOpen(thing)) return undefined;
  if (prototype === Object.prototype || prototype === null) {
    const entries: readonly [string, unknown][] = Object.entries(thing);
    return entries.map(([name, value]) => ({ value, path: { within: path, name: memberName(name) } }));
  }
  if (Object.keys(thing).length > 0) return undefined;
  if (prototype === Date.prototype || prototype === ArrayBuffer.prototype) return [];
  if (prototype === Set.prototype) {
    return [...(thing as Set<unknown>)].map((value) => ({ value, path: { within: path, name: ", a member" } }));
  }
  if (prototype !== Map.prototype) return undefined;
  return [...(thing as Map<unknown, unknown>)].flatMap(([key, value]) => [
    { value: key, path: { within: path, name: ", a key" } },
    { value, path: { within: path, name: `.get(${showValue(key)})` } },
  ]);
}

function membersOf(list: readonly unknown[], path: Path | undefined): Place[] {
  const parts: Place[] = [];
  // Most lists are long and hold records, or hold nothing that could be refused.
  list.forEach((value: unknown, at) => {
    const kind = typeof value;
    if (kind === "object" || kind === "function" || kind === "symbol") {
      parts.push({ value, path: { within: path, name: `[${at}]` } });
    }
  });
  return parts;
}

/** Hidden properties, and those named by symbols, would be lost. */
function isOpen(thing: object): boolean {
  return Reflect.ownKeys(thing).length === Object.keys(thing).length;
}

function isBytes(view: ArrayBufferView): boolean {
  const prototype: unknown = Object.getPrototypeOf(view);
  // Of any other class of views nobody knows what it holds besides its bytes.
  return (
    !types.isSharedArrayBuffer(view.buffer) &&
    (prototype === Buffer.prototype || [DataView, ...arrays].some((one) => prototype === one.prototype))
  );
}

const arrays = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

function memberName(name: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function refused(part: unknown, path: Path | undefined, where: string): StratigraphError {
  let text = "";
  for (let at = path; at !== undefined; at = at.within) text = at.name + text;
  return new StratigraphError("THREAD_REFUSED", "this value cannot get from one thread to another as it is", {
    where: `${where}${text === "" ? "" : `, ${text.replace(/^[.,] ?/, "")}`}`,
    expected: "texts, numbers, dates, bytes, and records, arrays, maps and sets of such",
    received: typeof part === "object" && part !== null && types.isProxy(part) ? "a proxy" : showValue(part),
    hint: 'Make plain values of it, or leave out executor: "threads".',
  });
}
