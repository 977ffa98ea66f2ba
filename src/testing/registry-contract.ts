// What everything that keeps models and their versions must do.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { isStratigraphError } from "../errors.ts";
import type { ModelVersionInfo, NewModelVersion, RegistryBackend } from "../plugins/protocols.ts";
import { refused, type KitCase } from "./kit.ts";

const MODEL = "team/churn";

function model(more: Partial<NewModelVersion> = {}): NewModelVersion {
  const artifact = new TextEncoder().encode("weights");
  return {
    namespace: "team",
    name: "churn",
    artifact,
    metrics: { auc: 0.9 },
    metadata: { drift_check_passed: true },
    ...more,
  };
}

async function versionsOf(registry: RegistryBackend): Promise<string[]> {
  return (await registry.listVersions(MODEL)).items.map(({ version }) => version);
}

/** "1.0.0 production", newest first. */
async function stagesOf(registry: RegistryBackend): Promise<string[]> {
  return (await registry.listVersions(MODEL)).items.map(({ version, stage }) => `${version} ${stage}`);
}

async function infoOf(registry: RegistryBackend, reference: string): Promise<ModelVersionInfo> {
  const { info, artifact } = await registry.get(reference);
  await artifact[Symbol.asyncDispose]();
  return info;
}

async function threeVersions(registry: RegistryBackend): Promise<void> {
  for (let n = 0; n < 3; n++) await registry.register(model());
}

export const registryBackendCases: readonly KitCase<RegistryBackend>[] = [
  {
    name: "register-first",
    title: "the first version is 1.0.0, number 1, in its first stage, with what was said of it",
    async run(registry) {
      const { version, sequence, stage, metrics, metadata, namespace, name, engineVersion } =
        await registry.register(model());

      assert.deepEqual(
        { version, sequence, namespace, name },
        { version: "1.0.0", sequence: 1, namespace: "team", name: "churn" },
      );
      assert.ok(stage === "development" || stage === "staging", stage);
      assert.deepEqual([metrics, metadata], [{ auc: 0.9 }, { drift_check_passed: true }]);
      assert.match(engineVersion, /\d/);
    },
  },
  {
    name: "register-next",
    title: "the next version is one patch higher than the highest, as a number, and comes first in the list",
    async run(registry) {
      await registry.register(model({ version: "1.9.0" }));
      await registry.register(model({ version: "1.10.0" }));
      const next = await registry.register(model());

      assert.deepEqual([next.version, next.sequence], ["1.10.1", 3]);
      assert.deepEqual(await versionsOf(registry), ["1.10.1", "1.10.0", "1.9.0"]);
    },
  },
  {
    name: "register-taken",
    title: "a version that was given is refused, and what has it stays as it was",
    async run(registry) {
      await registry.register(model({ version: "2.0.0" }));
      await refused(registry.register(model({ version: "2.0.0", artifact: new Uint8Array([1]) })), "VERSION_EXISTS");

      const { artifact } = await registry.get(`${MODEL}@2.0.0`);
      assert.equal(await readFile(artifact.path, "utf8"), "weights");
      await artifact[Symbol.asyncDispose]();
    },
  },
  {
    name: "register-at-once",
    title: "versions registered at once get different numbers, none left out",
    async run(registry) {
      const made = await Promise.all(Array.from({ length: 8 }, () => registry.register(model())));

      assert.deepEqual(
        made.map(({ sequence }) => sequence).sort((a, b) => a - b),
        [1, 2, 3, 4, 5, 6, 7, 8],
      );
      assert.equal(new Set(made.map(({ version }) => version)).size, 8);
    },
  },
  {
    name: "register-refused",
    title:
      "a name that leaves its folder, a version that is none and a file that is not there are refused, and leave nothing",
    async run(registry) {
      await refused(registry.register(model({ name: "../x" })), "VALIDATION_FAILED");
      await refused(registry.register(model({ version: "new" })), "VALIDATION_FAILED");
      await refused(registry.register(model({ artifact: "/nowhere/at/all.bin" })), "ARTIFACT_NOT_FOUND");
      const { sequence } = await registry.register(model());

      assert.equal(sequence, 1);
    },
  },
  {
    name: "get",
    title: "a version is found by its number and by its stage, with its bytes",
    async run(registry) {
      await threeVersions(registry);
      await registry.promote(`${MODEL}@1.0.1`, "production");

      const { info, artifact } = await registry.get(`${MODEL}@production`);
      assert.deepEqual([info.version, info.stage], ["1.0.1", "production"]);
      assert.equal(await readFile(artifact.path, "utf8"), "weights");
      await artifact[Symbol.asyncDispose]();
      assert.equal((await infoOf(registry, `${MODEL}@1.0.2`)).sequence, 3);
    },
  },
  {
    name: "get-nothing",
    title:
      "a version that is not there is VERSION_NOT_FOUND, which names those that are; a model that is not there MODEL_NOT_FOUND",
    async run(registry) {
      await threeVersions(registry);
      await refused(registry.get(`${MODEL}@9.9.9`), "VERSION_NOT_FOUND");
      await refused(registry.get(`${MODEL}@production`), "VERSION_NOT_FOUND");
      await refused(registry.get("team/nobody@1.0.0"), "MODEL_NOT_FOUND");

      const error = await registry.get(`${MODEL}@9.9.9`).catch((thrown: unknown) => thrown);
      assert.ok(isStratigraphError(error));
      assert.ok(JSON.stringify(error).includes("1.0.2"), error.message);
    },
  },
  {
    name: "list-order",
    title: "the list is newest first by number, also where everything was registered in one moment",
    async run(registry) {
      await threeVersions(registry);

      assert.deepEqual(await versionsOf(registry), ["1.0.2", "1.0.1", "1.0.0"]);
    },
  },
  {
    name: "promote",
    title: "a promotion to production archives the version that was there, so one is left",
    async run(registry) {
      await threeVersions(registry);
      await registry.promote(`${MODEL}@1.0.0`, "production", { by: "ana" });
      await registry.promote(`${MODEL}@1.0.2`, "production", { by: "ana" });

      const [newest, between, oldest] = await stagesOf(registry);
      assert.deepEqual([newest, oldest], ["1.0.2 production", "1.0.0 archived"]);
      assert.ok(!between!.endsWith("production"), between);
    },
  },
  {
    name: "promote-at-once",
    title: "promotions at once leave one version in production",
    async run(registry) {
      await threeVersions(registry);
      const versions = ["1.0.0", "1.0.1", "1.0.2"];
      await Promise.allSettled(versions.map((version) => registry.promote(`${MODEL}@${version}`, "production")));

      const holders = (await stagesOf(registry)).filter((text) => text.endsWith("production"));
      assert.equal(holders.length, 1, holders.join(", "));
    },
  },
  {
    name: "gates",
    title: "a gate that says no is PROMOTION_BLOCKED, and the version stays where it is",
    async run(registry) {
      const { stage } = await registry.register(model());
      const gates = { min_auc: 0.95, require_drift_check: true };
      await refused(registry.promote(`${MODEL}@1.0.0`, "production", { gates }), "PROMOTION_BLOCKED");
      await refused(registry.promote(`${MODEL}@1.0.0`, "production", { gates: { mim_auc: 0.1 } }), "GATE_INVALID");

      assert.deepEqual(await stagesOf(registry), [`1.0.0 ${stage}`]);
      await registry.promote(`${MODEL}@1.0.0`, "production", { gates: { min_auc: 0.9, require_drift_check: true } });
      assert.deepEqual(await stagesOf(registry), ["1.0.0 production"]);
    },
  },
  {
    name: "demote",
    title: "a demotion goes down or to the archive, never up",
    async run(registry) {
      await registry.register(model());
      await refused(registry.demote(`${MODEL}@1.0.0`, "production"), "INVALID_TRANSITION");
      await registry.promote(`${MODEL}@1.0.0`, "production");
      await registry.demote(`${MODEL}@1.0.0`, "staging");
      assert.deepEqual(await stagesOf(registry), ["1.0.0 staging"]);

      await registry.demote(`${MODEL}@1.0.0`, "archived");
      assert.deepEqual(await stagesOf(registry), ["1.0.0 archived"]);
      await refused(registry.promote(`${MODEL}@1.0.0`, "production"), "INVALID_TRANSITION");
    },
  },
  {
    name: "delete",
    title: "a deleted version is gone, and its numbers are never given again",
    async run(registry) {
      await threeVersions(registry);
      await registry.delete(`${MODEL}@1.0.2`, { reason: "wrong data" });

      assert.deepEqual(await versionsOf(registry), ["1.0.1", "1.0.0"]);
      await refused(registry.get(`${MODEL}@1.0.2`), "VERSION_NOT_FOUND");
      const { version, sequence } = await registry.register(model());
      assert.deepEqual([version, sequence], ["1.0.3", 4]);
      await refused(registry.register(model({ version: "1.0.2" })), "VERSION_EXISTS");
    },
  },
  {
    name: "delete-production",
    title: "the version in production is not deleted unless it is forced, with a reason",
    async run(registry) {
      await registry.register(model());
      await registry.promote(`${MODEL}@1.0.0`, "production");
      await refused(registry.delete(`${MODEL}@1.0.0`), "INVALID_TRANSITION");
      assert.deepEqual(await stagesOf(registry), ["1.0.0 production"]);

      await registry.delete(`${MODEL}@1.0.0`, { force: true, reason: "withdrawn" });
      assert.deepEqual(await versionsOf(registry), []);
    },
  },
  {
    name: "round-trip",
    title: "what is known of a version is plain data, equal after a journey through JSON",
    async run(registry) {
      await registry.register(model({ metadata: { note: "ä\n", nested: { list: [1, null, true] } } }));
      const info = await infoOf(registry, `${MODEL}@1.0.0`);

      assert.deepEqual(JSON.parse(JSON.stringify(info)), JSON.parse(JSON.stringify({ ...info })));
      assert.deepEqual(info.metadata, { note: "ä\n", nested: { list: [1, null, true] } });
      assert.ok(!Number.isNaN(Date.parse(info.createdAt)));
    },
  },
];
