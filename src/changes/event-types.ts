// Every event there is: its name, the sentence the docs print for it, and what its data holds.

/** What an event's data holds: a text, a number from 0, or any number. */
export type EventField = "text" | "count" | "number";

export interface EventTypeDefinition {
  readonly says: string;
  /** Checked when it is written: more keys than these are allowed, fewer are not. */
  readonly data: Readonly<Record<string, EventField>>;
  /**
   * `stored`: written with the change it tells of, so `history` has it. `process`: of this process alone, told to its subscribers and
   * gone: such events tell of trouble with the very place they would be stored in.
   */
  readonly kept: "stored" | "process";
}

/** A name is never changed or reused once released. `docs/facts.md` prints this list. */
export const eventTypes = {
  "model.created": { kept: "stored", says: "A model was given a name.", data: { namespace: "text", name: "text" } },
  "model.updated": {
    kept: "stored",
    says: "A model's description, labels or gates changed.",
    data: { namespace: "text", name: "text" },
  },
  "model.registered": {
    kept: "stored",
    says: "A version of a model was registered.",
    data: { namespace: "text", name: "text", version: "text" },
  },
  "model.promoted": {
    kept: "stored",
    says: "A version went to a higher stage.",
    data: { namespace: "text", name: "text", version: "text", from: "text", to: "text" },
  },
  "model.demoted": {
    kept: "stored",
    says: "A version went to a lower stage.",
    data: { namespace: "text", name: "text", version: "text", from: "text", to: "text" },
  },
  "model.rolled_back": {
    kept: "stored",
    says: "An earlier version is in production again.",
    data: { namespace: "text", name: "text", version: "text", from: "text", to: "text" },
  },
  "model.archived": {
    kept: "stored",
    says: "A version was archived, by hand or because another took its place.",
    data: {
      namespace: "text",
      name: "text",
      version: "text",
      from: "text",
    },
  },
  "model.restored": {
    kept: "stored",
    says: "A version came out of the archive.",
    data: { namespace: "text", name: "text", version: "text", from: "text", to: "text" },
  },
  "model.deleted": {
    kept: "stored",
    says: "A version was deleted; its numbers stay taken.",
    data: { namespace: "text", name: "text", version: "text" },
  },
  "model.annotated": {
    kept: "stored",
    says: "Labels or a note were put on a model or version.",
    data: { namespace: "text", name: "text" },
  },
  "model.downloaded": {
    kept: "stored",
    says: "The bytes of a version were handed out.",
    data: { namespace: "text", name: "text", version: "text" },
  },
  "alias.set": {
    kept: "stored",
    says: "An alias names a version now.",
    data: { namespace: "text", name: "text", version: "text", alias: "text" },
  },
  "alias.removed": {
    kept: "stored",
    says: "An alias names nothing any more.",
    data: { namespace: "text", name: "text", alias: "text" },
  },
  "gate.passed": {
    kept: "stored",
    says: "Every gate said yes to a promotion.",
    data: { namespace: "text", name: "text", version: "text" },
  },
  "gate.failed": {
    kept: "stored",
    says: "At least one gate said no to a promotion.",
    data: { namespace: "text", name: "text", version: "text" },
  },
  "promotion.conflict": {
    kept: "stored",
    says: "A promotion was refused when it was written: the version had changed.",
    data: { namespace: "text", name: "text", version: "text" },
  },
  "lineage.recorded": {
    kept: "stored",
    says: "A task told that it began or ended.",
    data: { task: "text", state: "text" },
  },
  "lineage.compacted": { kept: "stored", says: "Old lineage records were removed.", data: { removed: "count" } },
  "hook.failed": {
    kept: "stored",
    says: "A hook that runs after a change failed; the change stands.",
    data: {
      action: "text",
      hook: "text",
      error: "text",
    },
  },
  "sync.started": { kept: "process", says: "The fallback journal is being delivered.", data: { records: "count" } },
  "sync.finished": {
    kept: "stored",
    says: "The fallback journal was delivered, whole or in part.",
    data: {
      delivered: "count",
      deduplicated: "count",
      remaining: "count",
    },
  },
  "metadata.dropped": {
    kept: "process",
    says: "A waiting record was dropped because the queue was full.",
    data: {
      kind: "text",
      key: "text",
      error: "text",
    },
  },
  "metadata.fell_back": {
    kept: "process",
    says: "A record was written to the fallback journal instead of the backend.",
    data: {
      kind: "text",
      key: "text",
      error: "text",
    },
  },
  "metadata.lost": {
    kept: "process",
    says: "A record could be written neither to the backend nor to the fallback journal.",
    data: {
      kind: "text",
      key: "text",
      error: "text",
    },
  },
  "metadata.synced": {
    kept: "process",
    says: "A record that fell back earlier was delivered after all.",
    data: { kind: "text", key: "text" },
  },
  "backend.retried": {
    kept: "process",
    says: "A call of the backend failed and is tried again.",
    data: {
      call: "text",
      attempt: "count",
      delay: "number",
      error: "text",
    },
  },
  "circuit.opened": {
    kept: "process",
    says: "The backend failed too often and is left alone for a while.",
    data: { failures: "count" },
  },
  "circuit.half_open": { kept: "process", says: "The backend is tried again, with few calls.", data: {} },
  "circuit.closed": { kept: "process", says: "The backend answers again.", data: {} },
  "listener.error": {
    kept: "process",
    says: "A subscriber of events threw an error.",
    data: { listener: "text", type: "text", error: "text" },
  },
} as const;

const definitions: Readonly<Record<string, EventTypeDefinition>> = eventTypes;

type Values<Fields> = { readonly [Name in keyof Fields]: Fields[Name] extends "text" ? string : number } & Readonly<
  Record<string, unknown>
>;

type Listed = { readonly [Type in keyof typeof eventTypes]: Values<(typeof eventTypes)[Type]["data"]> };

/** Data by type of event. Open: a plugin adds its own by declaration merging, under a name with a dot. */
export interface EventMap extends Listed {}

export type EventType = keyof EventMap;

/** One type, all that begin alike, or all. */
export type EventPattern = EventType | "*" | Family;

/** "model.*": all that begin so. */
type Family = `${string}.*`;

/** The types a pattern stands for. */
export type Matching<Pattern extends string> = Pattern extends "*"
  ? EventType
  : Pattern extends `${infer Prefix}.*`
    ? Extract<EventType, `${Prefix}.${string}`>
    : Extract<Pattern, EventType>;

export function matches(pattern: string, type: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith(".*") ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}

/** What is wrong with the data of a type that is in the list, as a sentence; `undefined` where nothing is. */
export function eventProblem(type: string, data: unknown): string | undefined {
  const known = Object.hasOwn(definitions, type) ? definitions[type] : undefined;
  if (known === undefined) return undefined;
  for (const [name, field] of Object.entries(known.data)) {
    const value: unknown = typeof data === "object" && data !== null ? Reflect.get(data, name) : undefined;
    if (!fits(field, value)) return `its ${name} must be a ${field}`;
  }
  return undefined;
}

function fits(field: EventField, value: unknown): boolean {
  if (field === "text") return typeof value === "string";
  if (field === "number") return typeof value === "number";
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
