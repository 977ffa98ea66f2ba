// Every event there is: its name, the sentence the docs print for it, and what its data holds.

import { z } from "zod";

export interface EventTypeDefinition<Data extends z.ZodType = z.ZodType> {
  readonly says: string;
  /** Checked when it is written: more keys than these are allowed, fewer are not. */
  readonly data: Data;
  /**
   * `stored`: written with the change it tells of, so `history` has it. `process`: of this process alone, told to its subscribers and
   * gone: such events tell of trouble with the very place they would be stored in.
   */
  readonly kept: "stored" | "process";
}

function stored<Shape extends z.core.$ZodLooseShape>(
  says: string,
  shape: Shape,
): EventTypeDefinition<z.ZodObject<Shape, z.core.$loose>> {
  return { says, data: z.looseObject(shape), kept: "stored" };
}

function ofProcess<Shape extends z.core.$ZodLooseShape>(
  says: string,
  shape: Shape,
): EventTypeDefinition<z.ZodObject<Shape, z.core.$loose>> {
  return { says, data: z.looseObject(shape), kept: "process" };
}

const text = z.string();
const count = z.int().nonnegative();
const model = { namespace: text, name: text };
const version = { ...model, version: text };

/** A name is never changed or reused once released. `docs/facts.md` prints this list. */
export const eventTypes = {
  "model.created": stored("A model was given a name.", model),
  "model.updated": stored("A model's description, labels or gates changed.", model),
  "model.registered": stored("A version of a model was registered.", version),
  "model.promoted": stored("A version went to a higher stage.", { ...version, from: text, to: text }),
  "model.demoted": stored("A version went to a lower stage.", { ...version, from: text, to: text }),
  "model.rolled_back": stored("An earlier version is in production again.", { ...version, from: text, to: text }),
  "model.archived": stored("A version was archived, by hand or because another took its place.", {
    ...version,
    from: text,
  }),
  "model.restored": stored("A version came out of the archive.", { ...version, from: text, to: text }),
  "model.deleted": stored("A version was deleted; its numbers stay taken.", version),
  "model.annotated": stored("Labels or a note were put on a model or version.", model),
  "model.downloaded": stored("The bytes of a version were handed out.", version),
  "alias.set": stored("An alias names a version now.", { ...version, alias: text }),
  "alias.removed": stored("An alias names nothing any more.", { ...model, alias: text }),
  "gate.passed": stored("Every gate said yes to a promotion.", version),
  "gate.failed": stored("At least one gate said no to a promotion.", version),
  "promotion.conflict": stored("A promotion was refused when it was written: the version had changed.", version),
  "lineage.recorded": stored("A task told that it began or ended.", { task: text, state: text }),
  "lineage.compacted": stored("Old lineage records were removed.", { removed: count }),
  "hook.failed": stored("A hook that runs after a change failed; the change stands.", {
    action: text,
    hook: text,
    error: text,
  }),
  "sync.started": ofProcess("The fallback journal is being delivered.", { records: count }),
  "sync.finished": stored("The fallback journal was delivered, whole or in part.", {
    delivered: count,
    deduplicated: count,
    remaining: count,
  }),
  "metadata.dropped": ofProcess("A waiting record was dropped because the queue was full.", {
    kind: text,
    key: text,
    error: text,
  }),
  "metadata.fell_back": ofProcess("A record was written to the fallback journal instead of the backend.", {
    kind: text,
    key: text,
    error: text,
  }),
  "metadata.lost": ofProcess("A record could be written neither to the backend nor to the fallback journal.", {
    kind: text,
    key: text,
    error: text,
  }),
  "metadata.synced": ofProcess("A record that fell back earlier was delivered after all.", { kind: text, key: text }),
  "backend.retried": ofProcess("A call of the backend failed and is tried again.", {
    call: text,
    attempt: count,
    delay: z.number(),
    error: text,
  }),
  "circuit.opened": ofProcess("The backend failed too often and is left alone for a while.", { failures: count }),
  "circuit.half_open": ofProcess("The backend is tried again, with few calls.", {}),
  "circuit.closed": ofProcess("The backend answers again.", {}),
  "listener.error": ofProcess("A subscriber of events threw an error.", { listener: text, type: text, error: text }),
} as const satisfies Readonly<Record<string, EventTypeDefinition>>;

type Listed = { readonly [Type in keyof typeof eventTypes]: z.infer<(typeof eventTypes)[Type]["data"]> };

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
