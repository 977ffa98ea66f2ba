// The registry contract, on ours; and on wrong ones, which it finds out.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Backend, RegistryBackend } from "stratigraph";
import { memory } from "../../src/backend/memory/memory-backend.ts";
import { sqlite } from "../../src/backend/sqlite/index.ts";
import { createHost } from "../../src/changes/host.ts";
import { openPlugins } from "../../src/plugins/shelf.ts";
import { registryBackendCases, runKit, runKitCase, type KitSubject } from "../../src/testing/index.ts";

/** Made as a project makes it: through the plugin that comes with the package. */
function subjectOver(name: string, backend: (folder: string) => Backend): KitSubject<RegistryBackend> {
  return {
    name,
    async open() {
      const folder = await mkdtemp(join(tmpdir(), "stratigraph-registry-"));
      const connection = await backend(folder).connect();
      const shelf = await openPlugins({ folder });
      const host = createHost({ connection });
      const made = await shelf.load("registry-backends", "filesystem", { root: folder, home: folder, host });
      return {
        made,
        async dispose() {
          await connection.close();
          await rm(folder, { recursive: true, force: true });
        },
      };
    },
  };
}

const inMemory = subjectOver("filesystem, facts in memory", () => memory());
const inSqlite = subjectOver("filesystem, facts in SQLite", (folder) => sqlite(join(folder, "strata.db")));

for (const subject of [inMemory, inSqlite]) {
  describe(subject.name, () => {
    for (const kitCase of registryBackendCases) {
      it(`${kitCase.name}: ${kitCase.title}`, () => runKitCase(subject, kitCase));
    }
  });
}

/** Names of the cases that fail when ours is changed like this. */
async function failuresOf(change: (right: RegistryBackend) => Partial<RegistryBackend>): Promise<readonly string[]> {
  const subject: KitSubject<RegistryBackend> = {
    name: "wrong",
    async open() {
      const { made, ...rest } = await inMemory.open();
      return { made: { ...made, ...change(made) }, ...rest };
    },
  };
  const failed: string[] = [];
  for await (const { name, outcome } of runKit(subject, registryBackendCases)) {
    if (outcome === "failed") failed.push(name);
  }
  return failed;
}

describe("a subtly wrong one", () => {
  it("that promotes whatever its gates say is found out", async () => {
    const failed = await failuresOf((right) => ({
      promote: (reference, to, { gates: _, ...options } = {}) => right.promote(reference, to, options),
    }));

    expect(failed).toEqual(["gates"]);
  });

  it("that swallows a refused promotion is found out", async () => {
    const failed = await failuresOf((right) => ({
      promote: async (reference, to, options) => {
        try {
          return await right.promote(reference, to, options);
        } catch {
          return (await right.get(reference)).info;
        }
      },
    }));

    expect(failed).toEqual(["gates", "demote"]);
  });

  it("that lists in the order of text is found out", async () => {
    const failed = await failuresOf((right) => ({
      async listVersions(model) {
        const { items } = await right.listVersions(model);
        return { items: items.toSorted((a, b) => (a.version < b.version ? 1 : -1)) };
      },
    }));

    expect(failed).toEqual(["register-next"]);
  });
});
