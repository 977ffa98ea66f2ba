// No event, hook or audit row is forgotten: every method there is has a call here, and what each call leaves is counted.

import { describe, expect, it } from "vitest";
import { compactLineage, recordLineage, type Lineage } from "../../../src/lineage/lineage.ts";
import type { HookTypes } from "../../../src/changes/hooks.ts";
import type { MLOps } from "../../../src/mlops/mlops.ts";
import { registryActions } from "../../../src/registry/appliers.ts";
import { jsonCodec } from "../../../src/registry/codec.ts";
import type { ModelRegistry } from "../../../src/registry/registry.ts";
import { z } from "zod";
import { instanceSpace } from "../../support/instance.ts";

const codec = jsonCodec(z.object({ slope: z.number() }), { name: "line" });
const record = { runId: "run-1", task: "score", status: "success", recordedAt: "2026-01-02T00:00:00Z" } as const;

/** A method that changes something: the actions its hooks hear of, and a call. */
interface Change {
  readonly actions: readonly (keyof HookTypes)[];
  /** What there must be before. */
  readonly before?: (mlops: MLOps) => Promise<unknown>;
  readonly call: (mlops: MLOps, folder: string) => Promise<unknown>;
  /** Measurements leave none. */
  readonly audited?: false;
}
interface Look {
  readonly actions: null;
  readonly call: (mlops: MLOps, folder: string) => unknown;
}

const changes = (...actions: Change["actions"]) => {
  return (call: Change["call"], more: Omit<Change, "actions" | "call"> = {}): Change => ({ actions, call, ...more });
};
const looks = (call: Look["call"]): Look => ({ actions: null, call });

/** The compiler refuses a method that is missing here. */
const registry: Readonly<Record<keyof ModelRegistry, Change | Look>> = {
  register: changes("model.register")(({ registry }) =>
    registry.register({ name: "team/new", model: { slope: 1 }, codec }),
  ),
  promote: changes("model.promote")(({ registry }) => registry.promote("team/churn@1.0.0", "production")),
  demote: changes("model.demote")(({ registry }) => registry.demote("team/churn@1.0.0", "development"), {
    before: ({ registry }) => registry.promote("team/churn@1.0.0", "staging"),
  }),
  archive: changes("model.archive")(({ registry }) => registry.archive("team/churn@1.0.0")),
  restore: changes("model.restore")(({ registry }) => registry.restore("team/churn@1.0.0"), {
    before: ({ registry }) => registry.archive("team/churn@1.0.0"),
  }),
  rollback: changes("model.rollback")(({ registry }) => registry.rollback("team/churn"), {
    before: async ({ registry }) => {
      for (const version of ["1.0.0", "1.0.1"]) await registry.promote(`team/churn@${version}`, "production");
    },
  }),
  deleteVersion: changes("model.delete")(({ registry }) => registry.deleteVersion("team/churn@1.0.0")),
  download: changes("model.download")(({ registry }, folder) => registry.download("team/churn@1.0.0", `${folder}/out`)),
  setLabels: changes("model.label")(({ registry }) => registry.setLabels("team/churn", { owner: "ben" })),
  removeLabels: changes("model.label")(({ registry }) => registry.removeLabels("team/churn@1.0.0", ["owner"])),
  annotate: changes("model.annotate")(({ registry }) => registry.annotate("team/churn", "checked by hand")),
  setAlias: changes("model.alias")(({ registry }) => registry.setAlias("team/churn@1.0.1", "champion")),
  removeAlias: changes("model.alias")(({ registry }) => registry.removeAlias("team/churn", "candidate")),
  setGates: changes("model.update")(({ registry }) => registry.setGates("team/churn", { min_auc: 0.9 })),
  describe: changes("model.update")(({ registry }) => registry.describe("team/churn", "who leaves")),

  get: looks(({ registry }) => registry.get("team/churn@1.0.0", { verify: true })),
  getModel: looks(({ registry }) => registry.getModel("team/churn")),
  getByStage: looks(({ registry }) => registry.getByStage("team/churn", "development")),
  open: looks(async ({ registry }) => (await registry.open("team/churn@1.0.0"))[Symbol.asyncDispose]()),
  load: looks(({ registry }) => registry.load("team/churn@1.0.0", codec)),
  listVersions: looks(({ registry }) => registry.listVersions("team/churn")),
  listModels: looks(({ registry }) => registry.listModels()),
  listByStage: looks(({ registry }) => registry.listByStage("team/churn", "development")),
  search: looks(({ registry }) => registry.search()),
  history: looks(({ registry }) => registry.history("team/churn")),
  compareVersions: looks(({ registry }) => registry.compareVersions("team/churn", "1.0.0", "1.0.1")),
  trace: looks(({ registry }) => registry.trace("team/churn@1.0.0")),
  listAnnotations: looks(({ registry }) => registry.listAnnotations("team/churn")),
  listAliases: looks(({ registry }) => registry.listAliases("team/churn")),
  aliasHistory: looks(({ registry }) => registry.aliasHistory("team/churn", "candidate")),
  showGates: looks(({ registry }) => registry.showGates("team/churn")),
  checkGates: looks(({ registry }) => registry.checkGates({ min_auc: 0.9 })),
};

const lineage: Readonly<Record<keyof Lineage, Change | Look>> = {
  record: changes("lineage.record")(({ lineage }) => lineage.record({ ...record, runId: "run-2" }), { audited: false }),
  compact: changes("lineage.compact")(({ lineage }) => lineage.compact({ olderThan: "2026-02-01T00:00:00Z" })),
  getRun: looks(({ lineage }) => lineage.getRun("run-1")),
  search: looks(({ lineage }) => lineage.search()),
};

/** Two versions, one alias, labels, one run. */
async function fill({ registry, lineage }: MLOps): Promise<void> {
  for (const slope of [1, 2]) {
    await registry.register({
      name: "team/churn",
      model: { slope },
      codec,
      labels: { owner: "ana" },
      metrics: { auc: 0.95 },
    });
  }
  await registry.setAlias("team/churn@1.0.0", "candidate");
  await lineage.record(record);
}

async function countedIn({ connection }: MLOps): Promise<{ readonly events: number; readonly audit: number }> {
  const { items } = await connection.listEvents({ after: 0 }, { limit: 10_000 });
  return { events: items.length, audit: (await connection.readAudit(1, 10_000)).length };
}

describe.each([
  ["registry", registry],
  ["lineage", lineage],
] as const)("of %s", (part, table) => {
  it("every method there is has a call here", async () => {
    await using space = instanceSpace();
    const mlops = await space.open({ enabled: false });

    expect(Object.keys(mlops[part]).toSorted()).toEqual(Object.keys(table).toSorted());
  });

  const all = Object.entries<Change | Look>(table);
  const changing = all.filter((one): one is [string, Change] => one[1].actions !== null);
  const looking = all.filter((one): one is [string, Look] => one[1].actions === null);

  it.each(changing)(
    "%s tells an event, leaves an audit row, and calls the hooks before and after",
    async (_, change) => {
      await using space = instanceSpace();
      const mlops = await space.open({ cache: { enabled: false } });
      await fill(mlops);
      await change.before?.(mlops);
      const before = await countedIn(mlops);
      const hooked: string[] = [];
      const told: string[] = [];
      mlops.hooks.pre("*", (_data, { action }) => void hooked.push(`pre ${action}`));
      mlops.hooks.post("*", (_outcome, { action }) => void hooked.push(`post ${action}`));
      mlops.events.subscribe("*", ({ type }) => void told.push(type));

      await change.call(mlops, space.folder.path);

      const after = await countedIn(mlops);
      expect(after.events - before.events, "events").toBeGreaterThan(0);
      expect(told, "what subscribers were told").toHaveLength(after.events - before.events);
      expect(after.audit - before.audit, "audit rows").toBe(change.audited === false ? 0 : 1);
      expect(hooked).toEqual(change.actions.flatMap((action) => [`pre ${action}`, `post ${action}`]));
    },
  );

  it.each(changing)(
    "%s that a hook forbids leaves an audit row of the refusal, and nothing else",
    async (_, change) => {
      await using space = instanceSpace();
      const mlops = await space.open({ cache: { enabled: false } });
      await fill(mlops);
      await change.before?.(mlops);
      const before = await countedIn(mlops);
      mlops.hooks.pre("*", () => {
        throw new Error("no");
      });

      await expect(change.call(mlops, space.folder.path)).rejects.toMatchObject({ code: "HOOK_VETO" });

      expect(await countedIn(mlops)).toEqual({ events: before.events, audit: before.audit + 1 });
      expect((await mlops.audit.query({ status: "denied" })).items).toMatchObject([{ action: change.actions[0] }]);
    },
  );

  it.each(looking)("%s leaves nothing", async (_, look) => {
    await using space = instanceSpace();
    const mlops = await space.open();
    await fill(mlops);
    const before = await countedIn(mlops);

    await look.call(mlops, space.folder.path);

    expect(await countedIn(mlops)).toEqual(before);
  });
});

it("every action that can be written is called here, or is an import's", () => {
  const called = [...Object.values(registry), ...Object.values(lineage)].flatMap(({ actions }) => actions ?? []);
  const known = [...registryActions.map(({ action }) => action), recordLineage.action, compactLineage.action];

  expect([...new Set([...called, "model.import"])].toSorted()).toEqual(known.toSorted());
});
