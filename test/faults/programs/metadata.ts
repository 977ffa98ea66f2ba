// A program that records metadata and ends in one way or another. argv: what, folder of the journal, database, and how many.

import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { createHost } from "../../../src/changes/host.ts";
import { withLease } from "../../../src/changes/lease.ts";
import { replayable, syncJournal } from "../../../src/changes/sync.ts";
import { FallbackJournal } from "../../../src/journal/fallback-journal.ts";
import { emptyFile, readJournal } from "../../../src/journal/files.ts";
import { faulty, type Fault } from "../../../src/testing/faulty.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { noteApplier, noteRequest } from "../../support/facts.ts";
import { intent } from "../../support/intents.ts";

const [what = "", home = "", path = "", count = "5"] = process.argv.slice(2);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Changes left to the writer of a backend that behaves like that. */
async function change(fault: Fault | undefined): Promise<void> {
  const connection = faulty(await sqlite(path).connect(), ({ name }) => (name === "transaction" ? fault : undefined));
  const host = createHost({ connection, mode: "behind", resilience: false, writer: { home }, warn: () => undefined });
  for (let i = 0; i < Number(count); i++) {
    await host.change(noteRequest({ name: `n${i}`, value: i }, { journal: "lineage", key: `k${i}` }));
  }
  say("changed");
}

const stayAlive = (): void => void setInterval(() => undefined, 1000);

const programs: Readonly<Record<string, () => Promise<void>>> = {
  healthy: () => change(undefined),
  throws: () => change({ kind: "throw" }),
  hangs: () => change({ kind: "hang" }),
  async exits() {
    await change(undefined);
    process.exit(0);
  },
  async crashes() {
    await change({ kind: "hang" });
    setImmediate(() => {
      throw new Error("crash");
    });
  },
  async waits() {
    await change({ kind: "hang" });
    stayAlive();
  },
  async listens() {
    process.on("SIGTERM", () => process.exit(7));
    await change({ kind: "hang" });
    stayAlive();
  },
  /** Appends to the journal until it is killed, and says each key once it is durable. */
  async appends() {
    const journal = new FallbackJournal({ home, clock: systemClock });
    for (let i = 0; i < Number(count); i++) {
      const key = `${process.pid}-${i}`;
      await journal.append([{ intent: intent(key), error: new Error("down") }]);
      say(key);
    }
  },
  /** Takes files of the journal again and again, as a sync does that delivers all but one record. */
  async rewrites() {
    const journal = new FallbackJournal({ home, clock: systemClock });
    await journal.append([{ intent: intent("stays"), error: new Error("down") }]);
    say("stays");
    for (let i = 0; i < Number(count); i++) {
      await journal.append([{ intent: intent(`goes ${i}`), error: new Error("down") }]);
      for (const file of await readJournal(home)) {
        const done = new Set(file.lines.map(({ text }) => text).filter((text) => !text.includes('"stays"')));
        await emptyFile(file, { home, done, aside: new Set(), at: new Date() });
      }
    }
  },
  /** Holds a lease until it is killed. */
  async holds() {
    const connection = await sqlite(path).connect();
    await withLease(connection, "promote churn", { ttl: 60_000 }, async (fence) => {
      say(`holding ${JSON.stringify(fence)}`);
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    });
  },
  /** Delivers the journal over and over. */
  async syncs() {
    const connection = await sqlite(path).connect();
    say("syncing");
    for (let i = 0; i < Number(count); i++) {
      const { counts } = await syncJournal({ home, connection, actions: [replayable(noteApplier)] });
      if (counts.delivered > 0) say(`delivered ${counts.delivered}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await connection.close();
  },
};

await programs[what]!();
