// The mirror of the registry in an MLflow server: told after each change, behind everybody's back.

import { z } from "zod";
import type { Applier } from "../../changes/applier.ts";
import type { FlushOptions, Host } from "../../changes/host.ts";
import { replayable, type Replayable } from "../../changes/sync.ts";
import { StratigraphError } from "../../errors.ts";
import { FallbackJournal } from "../../journal/fallback-journal.ts";
import type { Intent } from "../../journal/intent.ts";
import type { WriterSettings } from "../../journal/settings.ts";
import { MetadataWriter, type Outcome, type OverflowByKind } from "../../journal/writer.ts";
import { createId } from "../../util/id.ts";
import type { WriterTotals } from "../../util/unfinished.ts";
import { bring, type Changed, type Rows } from "./bring.ts";
import { MlflowClient, type MlflowServer } from "./client.ts";

export interface MlflowMirrorOptions {
  readonly server: MlflowServer;
  /** Milliseconds that telling one change may take. */
  readonly timeout: number;
  readonly host: Host;
  /** Of the rows as they are, not as they are remembered. */
  readonly rows: Rows;
  readonly writer: WriterSettings & { readonly overflow: OverflowByKind };
  readonly warn: (sentence: string) => void;
}

export interface MlflowMirror {
  totals(): WriterTotals;
  flush(options?: FlushOptions): Promise<WriterTotals>;
  /** What could not be told in time is in the fallback journal then. */
  close(): Promise<WriterTotals>;
  /** For a sync: tells what fell back. */
  readonly replay: Replayable;
}

/** What an intent holds: where and of what, and nothing that may be old or secret. */
interface Told extends Changed {
  readonly url: string;
}
const Told: z.ZodType<Told> = z.object({
  url: z.url(),
  namespace: z.string(),
  name: z.string(),
  version: z.string().optional(),
  alias: z.string().optional(),
});

const ACTION = "mlflow.mirror";

/**
 * Nothing waits for the server, and no call fails for it: what it does not take goes to the fallback journal, and `strata sync mirror`
 * tells it again. See "A mirror is told where things are" in docs/design-notes.md.
 */
export function keepMlflowMirror(options: MlflowMirrorOptions): MlflowMirror {
  const { server, timeout, host, rows, warn } = options;
  const { bus, clock } = host;
  const closing = new AbortController();
  const client = (): MlflowClient =>
    new MlflowClient(server, AbortSignal.any([closing.signal, AbortSignal.timeout(timeout)]));

  const writer = new MetadataWriter<{ readonly intent: Intent }>({
    ...options.writer,
    // The calls themselves end before.
    writeTimeout: timeout + 1_000,
    async write(entries) {
      const together = client();
      for (const told of once(entries.map(({ intent }) => Told.parse(intent.data)))) await bring(told, rows, together);
    },
    settled: ({ intent }, outcome) => tellOutcome(intent, outcome),
    journal: new FallbackJournal({ home: options.writer.home, clock }),
    clock,
    warn,
  });

  function tellOutcome({ key, data }: Intent, outcome: Outcome): void {
    if (outcome.kind === "written") return;
    const { message: error } = outcome.error;
    if (outcome.kind === "refused") {
      const { namespace, name } = Told.parse(data);
      return warn(`the MLflow server was not told of ${namespace}/${name}: ${error}`);
    }
    const type = outcome.kind === "fell-back" ? "metadata.fell_back" : (`metadata.${outcome.kind}` as const);
    bus.tell(type, `record:${key}`, { kind: "mirror", key, error });
  }

  function tell(
    data: Readonly<Record<string, unknown>> & { readonly namespace: string; readonly name: string },
    { run, correlation }: { readonly run: Intent["run"] | undefined; readonly correlation: string },
  ): void {
    const { namespace, name, version, alias } = data;
    writer.submit({
      intent: {
        key: `mlflow:${namespace}/${name}:${createId(clock)}`,
        journal: "mirror",
        action: ACTION,
        run: run ?? "none",
        recordedAt: new Date(clock.now()).toISOString(),
        actor: host.actor,
        correlation,
        data: {
          url: server.url,
          namespace,
          name,
          ...(typeof version === "string" ? { version } : {}),
          ...(typeof alias === "string" ? { alias } : {}),
        },
      },
    });
  }

  const ends = [
    bus.subscribe("model.*", (event) => void tell(event.data, event), {
      filter: ({ type }) => type !== "model.downloaded",
    }),
    bus.subscribe("alias.*", (event) => void tell(event.data, event)),
  ];

  const applier: Applier<Told, undefined> = {
    action: ACTION,
    schema: Told,
    async apply(tx, told) {
      if (told.url !== server.url) throw elsewhere(told.url, server.url);
      await bring(told, tx, client());
      return { result: undefined, events: [], audit: [] };
    },
  };

  return {
    totals: () => writer.totals(),
    flush: (flushing) => writer.flush(flushing),
    async close() {
      for (const end of ends) end();
      const totals = await writer.close();
      closing.abort();
      return totals;
    },
    replay: replayable(applier),
  };
}

/** As rows are read when it is told, telling the same twice in a row is once too often. */
function once(all: readonly Told[]): readonly Told[] {
  return [...new Map(all.map((told) => [JSON.stringify(told), told])).values()];
}

function elsewhere(received: string, expected: string): StratigraphError {
  return new StratigraphError("CONFLICT", "the record is for another MLflow server", {
    where: "registry.mlflow.url",
    expected,
    received,
    hint: "Run the sync with that server in the settings, or set the record aside with --set-aside.",
  });
}
