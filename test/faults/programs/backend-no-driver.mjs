// Opens a database in a process that has no driver, or one that does not load. argv: file, the kind of absence.

import { register } from "node:module";

const [path, absence] = process.argv.slice(2);
register("./backend-no-driver-hooks.mjs", { parentURL: import.meta.url, data: absence });
const { sqlite } = await import("../../../src/backend/sqlite/index.ts");
const { memory } = await import("../../../src/backend/memory/memory-backend.ts");
const backend = sqlite(path);
try {
  await backend.connect();
} catch (error) {
  process.stdout.write(`${error.code}: ${error.message}\n`);
}
const connection = await memory().connect();
process.stdout.write(`${(await connection.listGraphs()).items.length}\n`);
