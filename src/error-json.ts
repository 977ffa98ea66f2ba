// Errors and the values in them as plain JSON, whatever they are, and causes back again.

/** An error that is not ours, or something thrown that is no error. */
export type CauseJson =
  | {
      readonly kind: "error";
      readonly name: string;
      readonly message: string;
      /** Of the system's errors: "ENOENT". */
      readonly code?: string | undefined;
      readonly cause?: unknown;
    }
  | { readonly kind: "value"; readonly value: unknown };

/** A chain is cut here: longer ones are circles. */
const DEEPEST = 16;

/** A cause and its causes. One that has a `toJSON` says itself what it is. */
export function causeJson(cause: unknown, depth = 0): CauseJson {
  const own = ownJson(cause);
  if (own !== undefined) return own as CauseJson;
  if (!(cause instanceof Error)) return { kind: "value", value: plain(cause) };
  const { name, message, code } = cause as Error & { readonly code?: unknown };
  return {
    kind: "error",
    ...{ name, message },
    ...(typeof code === "string" ? { code } : {}),
    ...(cause.cause === undefined || depth >= DEEPEST ? {} : { cause: causeJson(cause.cause, depth + 1) }),
  };
}

/** The other way round; errors of ours are left to `read`. */
export function causeFromJson<Ours>(
  json: unknown,
  isOurs: (json: unknown) => json is Ours,
  read: (json: Ours) => Error,
): unknown {
  if (isOurs(json)) return read(json);
  if (typeof json !== "object" || json === null) return json;
  const { kind, name, message, code, cause, value } = json as {
    readonly kind?: unknown;
    readonly name?: string;
    readonly message?: string;
    readonly code?: string;
    readonly cause?: unknown;
    readonly value?: unknown;
  };
  if (kind !== "error") return value;
  const error = new Error(message, cause === undefined ? undefined : { cause: causeFromJson(cause, isOurs, read) });
  return Object.assign(error, { name }, code === undefined ? {} : { code });
}

/** A value as JSON can say it: maps as objects, sets as arrays, bigints and what has no number as text, circles cut. */
export function plain(value: unknown, within: readonly object[] = []): unknown {
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "function") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (within.includes(value) || within.length > DEEPEST) return "…";
  const own = ownJson(value);
  if (own !== undefined) return own;
  const inner = (one: unknown): unknown => plain(one, [...within, value]);
  if (value instanceof Error) return causeJson(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [String(key), inner(one)]));
  if (value instanceof Set) return [...value].map(inner);
  if (Array.isArray(value)) return value.map(inner);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(one)]));
}

/** What an object says of itself. One that cannot is passed over: nothing may fail while an error is told. */
function ownJson(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("toJSON" in value)) return undefined;
  try {
    return typeof value.toJSON === "function" ? (value as { toJSON(): unknown }).toJSON() : undefined;
  } catch {
    return "…";
  }
}
