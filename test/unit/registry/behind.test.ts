// Metadata that never blocks: what is decided is visible here at once, elsewhere once it is written, and nothing is forced.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { afterAll, describe, expect, it } from "vitest";
import { memory } from "stratigraph";
import type { Backend, Connection } from "../../../src/backend/backend.ts";
import type { RunId } from "../../../src/backend/records.ts";
import { insideRun } from "../../../src/build/run-scope.ts";
import { createHost, type Host } from "../../../src/changes/host.ts";
import { createRegistry, type ModelRegistry } from "../../../src/registry/registry.ts";
import { memoryStore } from "../../../src/registry/store/memory-store.ts";
import type { ArtifactStore } from "../../../src/registry/artifact-store.ts";
import { faulty, type FaultScript } from "../../../src/testing/faulty.ts";
import { bytes, stagesOf } from "../../support/registry.ts";

const home = mkdtempSync(join(tmpdir(), "stratigraph-behind-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Behind extends AsyncDisposable {
  readonly backend: Backend;
  readonly store: ArtifactStore;
  readonly connection: Connection;
  readonly host: Host;
  readonly registry: ModelRegistry;
  /** As another process sees it, that uses the same database and store. */
  elsewhere(): Promise<ModelRegistry>;
}

async function openBehind(script: FaultScript = () => undefined, flushTimeout = 200): Promise<Behind> {
  const backend = memory();
  const store = memoryStore();
  const connection = await backend.connect();
  const host = createHost({
    connection: faulty(connection, script),
    actor: "ana",
    mode: "auto",
    writer: { home, flushTimeout },
    resilience: false,
    warn: () => undefined,
  });
  return {
    backend,
    store,
    connection,
    host,
    registry: createRegistry({ host, store, log: () => undefined }),
    async elsewhere() {
      const other = createHost({ connection: await backend.connect(), mode: "durable", writer: false });
      return createRegistry({ host: other, store });
    },
    async [Symbol.asyncDispose]() {
      await host.close({ timeoutMs: 200 });
      await connection.close();
    },
  };
}

const run = "run-1" as RunId;
/** Nothing is written before the test says so. */
function gate(): { readonly script: FaultScript; open(): void } {
  let closed = true;
  const script: FaultScript = ({ name }) =>
    closed && name === "transaction" ? { kind: "delay", milliseconds: 60 } : undefined;
  return { script, open: () => void (closed = false) };
}

describe("inside a run", () => {
  it("a registered version is here before it is written, elsewhere after, and its receipt says when", async () => {
    const { script } = gate();
    await using space = await openBehind(script);
    const { registry, host } = space;

    const version = await insideRun(run, () => registry.register({ name: "team/churn", artifact: bytes("m") }));

    const other = await space.elsewhere();
    expect(version.behind).toBe(true);
    expect(await registry.get("team/churn@1.0.0")).toMatchObject({ sequence: 1, runId: "run-1" });
    expect((await registry.listVersions("team/churn")).items).toHaveLength(1);
    await expect(other.get("team/churn@1.0.0")).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
    await host.flush({ timeoutMs: 5_000 });
    expect(await version.committed).toMatchObject({ version: "1.0.0" });
    expect(await other.get("team/churn@1.0.0")).toEqual({ ...version });
  });

  it("everything decided on what waits comes out the same once it is written", async () => {
    const { script, open } = gate();
    await using space = await openBehind(script);
    const { registry, host } = space;
    const name = "team/churn";

    const foreseen = await insideRun(run, async () => {
      for (let n = 0; n < 3; n++)
        await registry.register({
          name,
          artifact: bytes(`${n}`),
          metrics: { auc: n },
          bump: n === 2 ? "minor" : "patch",
        });
      await registry.setGates(name, { min_auc: 1 });
      await expect(registry.promote(`${name}@1.0.0`, "production")).rejects.toMatchObject({
        code: "PROMOTION_BLOCKED",
      });
      await registry.promote(`${name}@1.0.1`, "staging");
      await registry.promote(`${name}@1.0.1`, "production");
      const last = await registry.promote(`${name}@1.1.0`, "production");
      expect(last.archived.map(({ version }) => version)).toEqual(["1.0.1"]);
      await registry.setAlias(`${name}@production`, "champion");
      await registry.setLabels(`${name}@1.0.0`, { kept: "yes" });
      await registry.deleteVersion(`${name}@1.0.0`);
      return {
        stages: await stagesOf(registry, name),
        live: await registry.getByStage(name, "production"),
        champion: await registry.get(`${name}@champion`),
        latest: await registry.get(name),
      };
    });

    expect(foreseen.stages).toEqual(["1.0.1 archived", "1.1.0 production"]);
    open();
    await host.flush({ timeoutMs: 10_000 });
    expect(host.totals()).toMatchObject({ pending: 0, fallback: 0, dropped: 0 });
    const other = await space.elsewhere();
    expect({
      stages: await stagesOf(other, name),
      live: await other.getByStage(name, "production"),
      champion: await other.get(`${name}@champion`),
      latest: await other.get(name),
    }).toEqual(foreseen);
  });

  it("a promotion decided on a revision that has changed by then is refused, told, and forces nothing", async () => {
    const { script } = gate();
    await using space = await openBehind(script);
    const { registry, host, connection } = space;
    const other = await space.elsewhere();
    for (let n = 0; n < 2; n++) await other.register({ name: "m", artifact: bytes(`${n}`) });

    const late = await insideRun(run, () => registry.promote("m@1.0.0", "production"));
    await other.promote("m@1.0.1", "production");

    await expect(late.committed).rejects.toMatchObject({ code: "CONFLICT" });
    await host.flush({ timeoutMs: 5_000 });
    expect(await stagesOf(other, "m")).toEqual(["1.0.0 development", "1.0.1 production"]);
    expect(await stagesOf(registry, "m")).toEqual(["1.0.0 development", "1.0.1 production"]);
    const { items } = await connection.listEvents({ types: ["promotion.conflict"] });
    expect(items).toMatchObject([{ subject: "model:default/m@1.0.0" }]);
    expect((await connection.listAudit({ status: "denied" })).items).toHaveLength(1);
  });

  it("with a backend that sleeps five seconds at every write, registering and promoting answer in 200 ms, and nothing is lost", async () => {
    await using space = await openBehind(({ name, writes }) =>
      writes || name === "transaction" ? { kind: "delay", milliseconds: 5_000 } : undefined,
    );
    const { registry, host } = space;
    const began = performance.now();

    await insideRun(run, async () => {
      await registry.register({ name: "m", artifact: bytes("m") });
      await registry.promote("m@1.0.0", "production");
    });

    const took = performance.now() - began;
    expect(took).toBeLessThan(200);
    expect((await registry.getByStage("m", "production")).version).toBe("1.0.0");
    const totals = await host.flush({ timeoutMs: 100 });
    expect(totals).toMatchObject({ written: 0, fallback: 2, dropped: 0, lost: 0 });
    expect(journalLines().map(({ action }) => action)).toEqual(["model.register", "model.promote"]);
  });

  it("with a backend that is down altogether, registering still claims a number and keeps the bytes", async () => {
    await using space = await openBehind(() => ({ kind: "throw" }));
    const { registry, store } = space;

    const versions = await insideRun(run, async () => [
      await registry.register({ name: "down", artifact: bytes("a") }),
      await registry.register({ name: "down", artifact: bytes("b") }),
    ]);

    expect(versions.map(({ version, sequence }) => [version, sequence])).toEqual([
      ["1.0.0", 1],
      ["1.0.1", 2],
    ]);
    expect((await store.stats()).objects).toBe(2);
    await insideRun(run, () =>
      expect(registry.promote("down@1.0.0", "production")).rejects.toMatchObject({ code: "BACKEND_FAILED" }),
    );
  });
});

describe("outside of a run", () => {
  it("writing is awaited, after what waits", async () => {
    const { script } = gate();
    await using space = await openBehind(script);
    const { registry } = space;
    await insideRun(run, () => registry.register({ name: "m", artifact: bytes("m") }));

    const promoted = await registry.promote("m@1.0.0", "production");

    expect(promoted.behind).toBe(false);
    expect((await (await space.elsewhere()).getByStage("m", "production")).version).toBe("1.0.0");
  });

  it("a call may say itself whether it is awaited", async () => {
    await using space = await openBehind(gate().script);
    const { registry } = space;

    const durable = await insideRun(run, () => registry.register({ name: "m", artifact: bytes("m"), durable: true }));
    const behind = await registry.register({ name: "m", artifact: bytes("m"), mode: "behind" });

    expect([durable.behind, behind.behind]).toEqual([false, true]);
  });

  it("a backend that is down is an error of the caller, and its number may be asked for again", async () => {
    let down = true;
    await using space = await openBehind(({ writes, name }) =>
      down && (writes || name === "transaction") ? { kind: "throw" } : undefined,
    );
    const { registry } = space;

    await expect(registry.register({ name: "m", version: "2.0.0", artifact: bytes("m") })).rejects.toMatchObject({
      code: "BACKEND_FAILED",
    });
    down = false;

    expect((await registry.register({ name: "m", version: "2.0.0", artifact: bytes("m") })).version).toBe("2.0.0");
  });
});

function journalLines(): { readonly action: string }[] {
  return readdirSync(home, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith("registry.jsonl"))
    .flatMap((file) => readFileSync(join(home, file), "utf8").trim().split("\n"))
    .map((line) => /"action":"([^"]+)"/.exec(line)?.[1])
    .filter((action) => action !== undefined)
    .map((action) => ({ action }));
}
