// What a child process does to a store that its parent and others use at the same time.

import { setTimeout as wait } from "node:timers/promises";
import type { Backend, Connection } from "../backend/backend.ts";
import type { VersionRef } from "../backend/model-records.ts";
import { isStratigraphError } from "../errors.ts";
import { auditEntry, churn, event, model, transition, version } from "./fact-samples.ts";
import { build, key, partition, print, snapshot } from "./samples.ts";

type Task = (connection: Connection, args: readonly string[]) => Promise<void>;

export const taskNames = [
  "write",
  "count",
  "move",
  "create",
  "claim",
  "same",
  "hold",
  "open",
  "promote",
  "audit",
  "submit",
  "facts",
] as const;
export type TaskName = (typeof taskNames)[number];

/** The snapshot, with two artifact keys of which every key is linked in both or in none. */
export const sharedSnapshot: ReturnType<typeof print> = print("shared snapshot");

/** Each is told its arguments and says what it did on standard output, a line at a time. */
const tasks: Readonly<Record<TaskName, Task>> = {
  /** name, count: writes that many partitions, each with its links in a transaction of its own, and says each key once it is durable. */
  async write(connection, [name = "", count = "Infinity"]) {
    for (let i = 0; i < Number(count); i++) {
      const record = partition({ key: key(`${name}-${i}`), artifact: print("shared artifact") });
      await connection.transaction(async (tx) => {
        await tx.writeArtifactAndGraphPartitions(sharedSnapshot, [{ artifactKey: "train", partition: record }]);
        await tx.writeArtifactAndGraphPartitions(sharedSnapshot, [{ artifactKey: "test", partition: record }]);
      });
      say(record.key);
    }
  },

  /** count: adds one to a number that many, each in a transaction. */
  async count(connection, [count]) {
    for (let i = 0; i < Number(count); i++) {
      await connection.transaction(async (tx) => {
        const read = await tx.readGraph("counter", print("counter"));
        const number = (read?.description as number | undefined) ?? 0;
        await tx.writeGraph({ name: "counter", fingerprint: print("counter"), description: number + 1 });
      });
    }
  },

  /** name, count: moves a tag that many times by compare-and-set, and says each move: sequence, from, to. */
  async move(connection, [name = "", count]) {
    for (let i = 0; i < Number(count); i++) {
      const current = await connection.readSnapshotTag("spend", "shared");
      const target = print(`target ${(Number(name) * 7 + i) % 16}`);
      if (current!.snapshot === target) continue;
      try {
        const change = { graph: "spend", tag: "shared", snapshot: target, by: name, expected: current!.snapshot };
        const { sequence } = await connection.writeSnapshotTag(change);
        say(`${sequence} ${current!.snapshot} ${target}`);
      } catch (error) {
        if (!isStratigraphError(error) || error.code !== "TAG_CONFLICT") throw error;
      }
    }
  },

  /** name: creates a tag that may exist once, and says whether it was first. */
  async create(connection, [name = ""]) {
    const change = { graph: "spend", tag: "created", snapshot: print("target 0"), by: name, expected: null };
    try {
      await connection.writeSnapshotTag(change);
      say("won");
    } catch (error) {
      if (!isStratigraphError(error) || error.code !== "TAG_CONFLICT") throw error;
      say("lost");
    }
  },

  /** name, count: claims jobs, and says which it was given. */
  async claim(connection, [name = "", count]) {
    const jobs = Array.from({ length: Number(count) }, (_, i) => `job ${i}`);
    for (let at = 0; at < jobs.length; at += 10) {
      const answers = await connection.acquireLeases(jobs.slice(at, at + 10), { holder: name, ttl: 3_600_000 });
      for (const answer of answers) if (answer.granted) say(answer.fence.name);
    }
  },

  /** name: writes the partition that all write, and says its id. */
  async same(connection, [name = ""]) {
    const [id] = await build(connection, sharedSnapshot, [partition({ location: `data/${name}` })], "same");
    say(String(id));
  },

  /** Begins a transaction, says so, and keeps it open until it is killed. */
  async hold(connection) {
    await connection.transaction(async (tx) => {
      await tx.writeManifests([{ fingerprint: print("held"), text: "{}" }]);
      say("holding");
      await wait(600_000);
    });
  },

  /** name, count: brings a version of its own into production that many times, and says each time whether it was there already. */
  async promote(connection, [name = "", count]) {
    for (let done = 0; done < Number(count);) {
      const refs: readonly VersionRef[] = [
        { kind: "version", version: `1.${name}.0` },
        { kind: "stage", stage: "production" },
      ];
      const [own, live] = await connection.findVersions(refs.map((ref) => ({ ...churn, ref })));
      if (own === undefined) throw new Error("no such version");
      const leaving = live?.id === own.id ? undefined : live;
      const leaves = leaving && { version: { ...leaving, stage: "archived" as const }, expected: leaving.revision };
      const enters =
        live?.id === own.id ? undefined : { version: { ...own, stage: "production" as const }, expected: own.revision };
      try {
        await connection.writeVersions([leaves, enters].filter((one) => one !== undefined));
        done++;
        say(enters === undefined ? "stayed" : "entered");
      } catch (error) {
        if (!isStratigraphError(error) || error.code !== "CONFLICT") throw error;
      }
    }
  },

  /** name, count: writes that many audit entries, two at a time. */
  async audit(connection, [name = "", count]) {
    for (let i = 0; i < Number(count); i += 2) {
      await connection.writeAudit([auditEntry(i, { actor: name }), auditEntry(i + 1, { actor: name })]);
    }
  },

  /** name, count: takes submissions that all others take as well, and says which were its own. */
  async submit(connection, [name = "", count]) {
    const keys = Array.from(
      { length: Number(count) },
      (_, i) => `submission ${(i * 7 + Number(name)) % Number(count)}`,
    );
    for (let at = 0; at < keys.length; at += 5) {
      const some = keys.slice(at, at + 5);
      const taken = await connection.takeSubmissions(some);
      for (const [index, key] of some.entries()) if (taken[index] === true) say(key);
    }
  },

  /** name: registers versions, each with transition, event and audit entry in one transaction, and says each number. */
  async facts(connection, [name = ""]) {
    const own = { namespace: "facts", name };
    await connection.writeModel(model(own), undefined);
    for (let n = 1; ; n++) {
      await connection.transaction(async (tx) => {
        const [moved] = await tx.writeTransitions([transition(n, own)]);
        await tx.writeVersions([{ version: version(n, { ...own, stagedAt: moved!.number }), expected: undefined }]);
        await tx.writeEvents([event(n, { id: `${name} ${n}`, subject: name })]);
        await tx.writeAudit([auditEntry(n, { resource: name })]);
      });
      say(String(n));
    }
  },

  /** Opens the store, which may be new, and says that it did. */
  async open(connection) {
    await connection.writeSnapshot(snapshot());
    say("opened");
  },
};

/** Runs one of the tasks above; call it in the child process with a backend of the same store. */
export async function runChildTask(backend: Backend, task: string, args: readonly string[]): Promise<void> {
  if (!Object.hasOwn(tasks, task)) throw new Error(`no such task: ${task}`);
  await using connection = await backend.connect();
  await tasks[task as TaskName](connection, args);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
