// Which versions may go: archived ones that are old or too many, and never one that is in use.

import { describe, expect } from "vitest";
import { memory } from "../../../src/backend/memory/memory-backend.ts";
import { createHost } from "../../../src/changes/host.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import type { GivenSettings, Settings } from "../../../src/config/settings.ts";
import { openPlugins } from "../../../src/plugins/shelf.ts";
import { createRegistry, type ModelRegistry } from "../../../src/registry/registry.ts";
import { findExpired, removeExpired } from "../../../src/registry/retention.ts";
import { memoryStore } from "../../../src/registry/store/memory-store.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { effectOf } from "../../support/effect.ts";
import { Folder } from "../../support/folder.ts";

const DAY = 86_400_000;
const bytes = new Uint8Array([1]);

const settingsOf = (values: GivenSettings): Settings =>
  resolveConfig([{ layer: "code", where: "the call", values }]).settings;

/** So many versions, all archived but the oldest, which is in production, and the one that is called "champion". */
async function openRegistry(
  versions: number,
): Promise<{ registry: ModelRegistry; clock: ReturnType<typeof manualClock>; rows: () => Promise<string[]> }> {
  const clock = manualClock();
  const host = createHost({ connection: await memory({ clock }).connect(), clock });
  const registry = createRegistry({ host, store: memoryStore({ clock }) });
  for (let n = 0; n < versions; n++) {
    const { version } = await registry.register({ name: "churn", artifact: bytes });
    if (n === 0) await registry.promote(`churn@${version}`, "production");
    else await registry.archive(`churn@${version}`);
  }
  if (versions > 2) await registry.setAlias("churn#2", "champion");
  const rows = async (): Promise<string[]> =>
    (await registry.listVersions("churn", { limit: 1_000 })).items.map(({ version }) => version);
  return { registry, clock, rows };
}

describe("versions of a model", () => {
  effectOf(
    "retention.maxVersions",
    "beyond so many the oldest archived ones go, production and aliases stay",
    async () => {
      const { registry, clock, rows } = await openRegistry(105);
      const find = (maxVersions: number) =>
        findExpired(registry, settingsOf({ retention: { maxVersions } }).retention, clock.now());

      const none = await find(105);
      const { expired, over } = await find(100);
      expect([none.expired, over]).toEqual([[], []]);
      // 1.0.0 is in production, 1.0.1 has an alias.
      const gone = ["1.0.2", "1.0.3", "1.0.4", "1.0.5", "1.0.6"];
      expect(expired.map(({ version, why }) => [version.version, why])).toEqual(
        gone.map((version) => [version, "one of 105 versions"]),
      );
      expect(await rows()).toHaveLength(105);

      await removeExpired(registry, expired);
      const left = await rows();
      expect(left).toHaveLength(100);
      expect(left.slice(-2)).toEqual(["1.0.1", "1.0.0"]);
      expect((await registry.register({ name: "churn", artifact: bytes })).version).toBe("1.0.105");
      expect((await find(1)).over).toEqual([{ model: "default/churn", versions: 3 }]);
    },
  );

  effectOf("retention.archivedDays", "archived ones go after so many days, however few there are", async () => {
    const { registry, clock } = await openRegistry(4);
    clock.advance(40 * DAY);
    const find = async (archivedDays: number): Promise<readonly string[]> => {
      const { expired } = await findExpired(
        registry,
        settingsOf({ retention: { archivedDays } }).retention,
        clock.now(),
      );
      return expired.map(({ version, why }) => `${version.version} ${why}`);
    };

    expect(await find(90)).toEqual([]);
    expect(await find(30)).toEqual(["1.0.2 archived 40 days ago", "1.0.3 archived 40 days ago"]);
  });
});

describe("the registry that comes with the package", () => {
  async function stageOfFirst(values: GivenSettings, folder: Folder): Promise<string> {
    const host = createHost({ connection: await memory().connect() });
    const shelf = await openPlugins({ folder: folder.path });
    const context = { root: folder.path, home: folder.at(".strata"), settings: settingsOf(values), host };
    const registry = await shelf.load("registry-backends", "filesystem", context);
    return (await registry.register({ name: "churn", artifact: bytes })).stage;
  }

  effectOf("registry.initialStage", "versions begin there", async () => {
    using folder = new Folder();

    expect(await stageOfFirst({}, folder)).toBe("development");
    expect(await stageOfFirst({ registry: { initialStage: "staging" } }, folder)).toBe("staging");
    expect(await stageOfFirst({ profile: "tauro" }, folder)).toBe("staging");
  });

  effectOf("registry.store", "bytes are kept there", async () => {
    using folder = new Folder();
    await stageOfFirst({ registry: { store: folder.at("elsewhere") } }, folder);

    expect(folder.files().every((file) => file.startsWith("elsewhere/"))).toBe(true);
    expect(folder.files().length).toBeGreaterThan(0);
  });
});
