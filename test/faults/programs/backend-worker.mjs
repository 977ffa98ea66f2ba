// A worker thread that opens a transaction and never ends it.

import { parentPort, workerData } from "node:worker_threads";
import { createJiti } from "jiti";

const jiti = createJiti(import.meta.url);
const { sqlite } = await jiti.import("../../../src/backend/sqlite/index.ts");
const connection = await sqlite(workerData).connect();
await connection.transaction(async (tx) => {
  await tx.writeManifests([{ fingerprint: "0".repeat(32), text: "{}" }]);
  parentPort.postMessage("holding");
  await new Promise((resolve) => setTimeout(resolve, 600_000));
});
