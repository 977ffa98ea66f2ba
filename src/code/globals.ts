// The global names that code may use without anybody else feeling it, as long as it changes nothing of what they stand for.

/** Values and types of the language, and what makes new things. */
const plain = new Set(
  `AbortController AbortSignal AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Blob Boolean Buffer DataView Date
  DOMException Error EvalError Float32Array Float64Array Headers Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN
  Number Object Promise RangeError ReferenceError RegExp Request Response Set String Symbol SyntaxError TextDecoder TextEncoder TypeError
  URIError URL URLSearchParams Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet arguments atob btoa console
  decodeURI decodeURIComponent encodeURI encodeURIComponent escape isFinite isNaN parseFloat parseInt performance structuredClone
  undefined unescape`.split(/\s+/),
);
/** Of those, the ones that are given to functions as functions, as in `map(Number)`. */
const handed = /^(BigInt|Boolean|Infinity|NaN|Number|String|Symbol|arguments|undefined|[a-z]+[A-Z]\w*|atob|btoa)$/;
/** Those that cannot be called: to name one without a member hands it on. */
const objects = /^(Atomics|Intl|JSON|Math|console|performance)$/;
/** What of `process` can be read, or ends the program. */
const ofProcess =
  /^process\.(arch|argv|cwd|env|execPath|exit|hrtime|memoryUsage|pid|platform|stderr|stdout|uptime|version|versions)$/;

export interface Uses {
  /** See `References`. */
  readonly names: readonly string[];
  readonly assigned: readonly string[];
  readonly handed: readonly string[];
}

/** The first global name through which others may feel what code does; `undefined` where there is none. */
export function openGlobal(
  { names, assigned, handed: given }: Uses,
  declared: ReadonlySet<string>,
): string | undefined {
  return names.find((text) => {
    const [name = "", member] = text.split(".");
    if (declared.has(name)) return false;
    if (assigned.includes(name) || (given.includes(name) && !handed.test(name))) return true;
    return !ofProcess.test(text) && (!plain.has(name) || (member === undefined && objects.test(name)));
  });
}
