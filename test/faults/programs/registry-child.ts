// A process that works on a registry which other processes use: argv is the folder, the task and its arguments.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { createHost } from "../../../src/changes/host.ts";
import { createRegistry } from "../../../src/registry/registry.ts";
import { faulty } from "../../../src/testing/faulty.ts";
import { localStore } from "../../../src/registry/store/local-store.ts";

const [folder = "", task = "", ...args] = process.argv.slice(2);
const MODEL = "team/churn";

await using connection = await sqlite(join(folder, "strata.db"), { home: folder }).connect({
  readOnly: task === "sample",
});
await using host = createHost({ connection, actor: `process ${args[0] ?? ""}`, mode: "durable", writer: false });
const registry = createRegistry({ host, store: localStore(join(folder, "registry")), log: say });

/** Each says what it did, a line at a time, once it is durable. */
const tasks: Readonly<Record<string, () => Promise<void>>> = {
  /** count: registers so many versions with bytes of their own. */
  async register() {
    const [name = "", count = "1"] = args;
    for (let n = 0; n < Number(count); n++) {
      const artifact = new TextEncoder().encode(`${name} ${n}`.repeat(1000));
      const { version, sequence } = await registry.register({ name: MODEL, artifact });
      say(`${version} ${sequence}`);
    }
  },

  /** name, count, versions: promotes one version after the other to production, beginning at its own. */
  async promote() {
    const [name = "0", count = "1", versions = "1"] = args;
    for (let n = 0; n < Number(count); n++) {
      const sequence = ((Number(name) * 7 + n * 3) % Number(versions)) + 1;
      const { stage } = await registry.get(MODEL, sequence);
      const ref = { namespace: "team", name: "churn", sequence };
      // Whoever is in the archive by now comes back the one way there is.
      const outcome =
        stage === "archived"
          ? await registry.rollback(MODEL, { toVersion: sequence })
          : await registry.promote(ref, "production").catch(async (error: { code?: string }) => {
              if (error.code !== "INVALID_TRANSITION") throw error;
              return registry.rollback(MODEL, { toVersion: sequence });
            });
      say(`${outcome.version} ${outcome.changed}`);
    }
  },

  /** version, text: registers it while nothing can be written, says so once it is in the journal, and lives on. */
  async fallBack() {
    const [version = "", text = ""] = args;
    const down = faulty(connection, ({ name }) => (name === "transaction" ? { kind: "throw" } : undefined));
    const behind = createHost({ connection: down, mode: "behind", resilience: false, writer: { home: folder } });
    const { register } = createRegistry({ host: behind, store: localStore(join(folder, "registry")) });
    const { committed } = await register({ name: MODEL, version, artifact: new TextEncoder().encode(text) });
    await committed.catch((error: { code: string }) => say(error.code));
    await wait(600_000);
  },

  /** version: claims it and stores bytes, says so, and never comes to registering it. */
  async claim() {
    const store = localStore(join(folder, "registry"));
    const nothing = { highestSequence: 0, versions: [] };
    await store.claim({ namespace: "team", name: "churn" }, { version: args[0]! }, nothing, async () => false);
    await store.put({ bytes: new TextEncoder().encode("half") });
    say("claimed");
    await wait(600_000);
  },

  /** Counts how many versions are in production, again and again until told to stop; says how often there were how many. */
  async sample() {
    const seen = new Map<number, number>();
    let samples = 0;
    while (samples % 500 !== 0 || !existsSync(join(folder, "stop"))) {
      const { items } = await connection.listVersions(
        { namespace: "team", name: "churn", stages: ["production"] },
        { limit: 5 },
      );
      seen.set(items.length, (seen.get(items.length) ?? 0) + 1);
      samples++;
    }
    for (const [count, times] of seen) say(`${count} ${times}`);
  },
};

say("ready");
while (!existsSync(join(folder, "go"))) await wait(10);
await tasks[task]!();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
