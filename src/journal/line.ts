// One line of the fallback journal: an intent, why it is there, and a check over all of it.

import { z } from "zod";
import type { Json, RunId } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";
import { hashText } from "../util/digest.ts";
import { journalKinds, type Intent } from "./intent.ts";

/** Of what a line holds; a line of a higher one was written by a newer version of this package, and is left alone. */
export const SCHEMA_VERSION = 1;

export interface Reason {
  /** When it was written to the journal, as ISO time. */
  readonly at: string;
  /** How often it was tried before. */
  readonly attempt: number;
  readonly error: string;
}

/** `torn`: cut off, as by a process that died while it wrote; `altered`: whole, but not what was written; `newer`: see SCHEMA_VERSION. */
export type Problem = "torn" | "altered" | "newer";

export type Line =
  | { readonly text: string; readonly intent: Intent; readonly reason: Reason; readonly problem?: undefined }
  | { readonly text: string; readonly problem: Problem };

/** Without a line break. Throws RECORD_INVALID for an intent that is not plain data. */
export function encodeLine(intent: Intent, { at, attempt, error }: Reason): string {
  const record = {
    ...intent,
    _fallbackAt: at,
    _kind: intent.journal,
    _schemaVersion: SCHEMA_VERSION,
    _attempt: attempt,
    _error: error,
  };
  let text: string;
  try {
    text = JSON.stringify(record);
  } catch (cause) {
    throw new StratigraphError("RECORD_INVALID", "the record is not plain data", { where: intent.action, cause });
  }
  const body = text.slice(0, -1);
  return `${body},"_check":"${hashText(body)}"}`;
}

export function decodeLine(text: string): Line {
  const match = /^(\{.*),"_check":"([0-9a-f]{32})"\}$/s.exec(text);
  if (match === null) return { text, problem: isJson(text) ? "altered" : "torn" };
  const [, body = "", check] = match;
  if (hashText(body) !== check) return { text, problem: "altered" };
  const value: unknown = JSON.parse(`${body}}`);
  const { _schemaVersion: version } = value as { readonly _schemaVersion?: unknown };
  if (typeof version === "number" && version > SCHEMA_VERSION) return { text, problem: "newer" };
  const parsed = schema.safeParse(value);
  if (!parsed.success) return { text, problem: "altered" };
  const { _fallbackAt: at, _attempt: attempt, _error: error, run, data, events, ...intent } = parsed.data;
  return {
    text,
    intent: { ...stripped(intent), run: run as RunId, data, ...(events === undefined ? {} : { events }) },
    reason: { at, attempt, error },
  };
}

/** The lines of a file, in order. A break comes before each as well as after it, see `FallbackJournal`, so empty ones are passed over. */
export function decodeLines(bytes: Uint8Array): readonly Line[] {
  return new TextDecoder()
    .decode(bytes)
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => decodeLine(text));
}

const plain = z.json() as z.ZodType<Json>;

const schema = z.object({
  key: z.string(),
  journal: z.enum(journalKinds),
  action: z.string(),
  run: z.string(),
  recordedAt: z.string(),
  actor: z.string(),
  correlation: z.string(),
  data: plain,
  events: z.array(z.object({ type: z.string(), subject: z.string(), data: plain })).optional(),
  _fallbackAt: z.string(),
  _kind: z.string(),
  _schemaVersion: z.int(),
  _attempt: z.int(),
  _error: z.string(),
});

function stripped<T extends { readonly _kind: string; readonly _schemaVersion: number }>({
  _kind,
  _schemaVersion,
  ...rest
}: T): Omit<T, "_kind" | "_schemaVersion"> {
  return rest;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
