// Registers versions and projects each at once, forever: argv is the store's folder, the projection's folder, and its layout.

import { memory } from "../../../src/backend/memory/memory-backend.ts";
import { createHost } from "../../../src/changes/host.ts";
import { projections, type ModelLayout } from "../../../src/registry/layout/layouts.ts";
import { modelReader } from "../../../src/registry/layout/read-models.ts";
import { createRegistry } from "../../../src/registry/registry.ts";
import { localStore } from "../../../src/registry/store/local-store.ts";

const [storeFolder, folder, layout] = process.argv.slice(2);
const connection = await memory().connect();
const store = localStore(storeFolder!);
const host = createHost({ connection, mode: "durable", writer: false, actor: "ana" });
const registry = createRegistry({ host, store });
for (let i = 0; ; i++) {
  const artifact = new TextEncoder().encode(`model ${i}`);
  const { version } = await registry.register({ name: "team/churn", artifact, metrics: { i } });
  await registry.promote(`team/churn@${version}`, "production");
  if (i > 2) await registry.deleteVersion(`team/churn#${i - 2}`, { reason: "old" });
  await projections[layout as ModelLayout](modelReader(connection).readModels(), store, folder!);
  process.stdout.write(`${version}\n`);
}
