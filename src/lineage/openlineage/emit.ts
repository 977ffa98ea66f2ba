// Where OpenLineage events go: a function, a file of lines, or a server, which nothing ever waits for.

import { appendFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import type { Json } from "../../backend/records.ts";
import type { Applier } from "../../changes/applier.ts";
import { StratigraphError } from "../../errors.ts";
import type { FallbackJournal } from "../../journal/fallback-journal.ts";
import type { Intent } from "../../journal/intent.ts";
import { MetadataWriter, type Outcome } from "../../journal/writer.ts";
import { systemClock, type Clock } from "../../util/clock.ts";
import { createId } from "../../util/id.ts";
import { makeFolder } from "../../util/make-folder.ts";
import type { RunEvent } from "./event.ts";

export type Emit = (event: RunEvent) => void | Promise<void>;

export interface ServerOptions {
  /** Where events are posted to: "http://localhost:5000/api/v1/lineage". */
  readonly url: string;
  /** Such as `authorization`; never written to the journal. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds that one post may take; 5,000 unless told. */
  readonly timeout?: number | undefined;
  /** What cannot be posted falls back there, and `strata sync mirror` posts it. */
  readonly journal: Pick<FallbackJournal, "append" | "appendNow">;
  readonly clock?: Clock | undefined;
  readonly warn?: ((sentence: string) => void) | undefined;
}

/** Appends each event as one line of JSON; the folder is made. */
export function toFile(path: string): Emit {
  let before: Promise<unknown> = Promise.resolve();
  return (event) => {
    const written = before.then(async () => {
      makeFolder(dirname(path));
      await appendFile(path, `${JSON.stringify(event)}\n`);
    });
    before = written.catch(() => undefined);
    return written;
  };
}

/** What an intent of a mirrored event holds. */
interface Posted {
  readonly url: string;
  readonly event: Readonly<Record<string, Json>>;
}
const Posted: z.ZodType<Posted> = z.object({ url: z.url(), event: z.record(z.string(), z.json()) });

interface Entry {
  readonly intent: Intent;
}

/**
 * Posts events in order, behind everybody's back: a server that is slow, down or hanging delays nothing, and what it does not take falls
 * back to the journal. `flush` waits for what is under way, `close` as well and takes nothing more.
 */
export function toServer(options: ServerOptions): Emit & { flush(): Promise<unknown>; close(): Promise<unknown> } {
  const { url, headers, timeout = 5_000, journal, clock = systemClock } = options;
  const { warn = (sentence: string) => process.emitWarning(sentence, "StratigraphWarning") } = options;
  const writer = new MetadataWriter<Entry>({
    async write(entries) {
      for (const { intent } of entries) await post(Posted.parse(intent.data), { headers, timeout });
    },
    settled: (_entry: Entry, _outcome: Outcome) => undefined,
    journal,
    clock,
    warn,
    writeTimeout: timeout + 1_000,
  });
  const emit = (event: RunEvent): void => {
    writer.submit({
      intent: {
        key: `openlineage:${event.run.runId}:${event.eventType}:${createId(clock)}`,
        journal: "mirror",
        action: mirrorOpenLineage.action,
        run: "none",
        recordedAt: new Date(clock.now()).toISOString(),
        actor: "stratigraph",
        correlation: event.run.runId,
        data: { url, event: JSON.parse(JSON.stringify(event)) as Intent["data"] },
      },
    });
  };
  return Object.assign(emit, { flush: () => writer.flush(), close: () => writer.close() });
}

/** Posts an event that fell back: for `strata sync mirror`. It changes no rows. */
export const mirrorOpenLineage: Applier<Posted, undefined> = {
  action: "openlineage.mirror",
  schema: Posted,
  async apply(_tx, data) {
    await post(data, { headers: environmentHeaders(), timeout: 5_000 });
    return { result: undefined, events: [], audit: [] };
  },
};

/** Credentials are in no journal: a later delivery takes them from where the OpenLineage clients do. */
function environmentHeaders(): Readonly<Record<string, string>> {
  const key = process.env["OPENLINEAGE_API_KEY"];
  return key === undefined || key === "" ? {} : { authorization: `Bearer ${key}` };
}

async function post(
  { url, event }: Posted,
  {
    headers = {},
    timeout,
  }: { readonly headers?: Readonly<Record<string, string>> | undefined; readonly timeout: number },
): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(event),
    signal: AbortSignal.timeout(timeout),
  }).catch((cause: unknown) => {
    throw new StratigraphError("BACKEND_FAILED", "the OpenLineage server does not answer", { where: url, cause });
  });
  await answer.arrayBuffer().catch(() => undefined);
  if (answer.ok) return;
  const code = answer.status === 401 || answer.status === 403 ? "AUTH_FAILED" : "BACKEND_FAILED";
  throw new StratigraphError(code, "the OpenLineage server did not take an event", {
    where: url,
    received: `status ${answer.status}`,
  });
}
