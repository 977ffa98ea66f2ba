// Writes partitions, and now and then a tag, until it is killed; says each once it is acknowledged. argv: file, durability, what.

import { sqlite, type Durability } from "../../../src/backend/sqlite/index.ts";
import { sharedSnapshot } from "../../../src/testing/child-tasks.ts";
import { key, partition } from "../../../src/testing/samples.ts";

const [path, durability, what] = process.argv.slice(2);
const connection = await sqlite(path!, { durability: durability as Durability }).connect();
for (let i = 0; ; i++) {
  const record = partition({ key: key(`k${i}`) });
  await connection.writeArtifactAndGraphPartitions(sharedSnapshot, [{ artifactKey: "days", partition: record }]);
  process.stdout.write(`k${i}\n`);
  if (what === "precious" && i % 5 === 0) {
    await connection.writeSnapshotTag({ graph: "spend", tag: `tag${i}`, snapshot: sharedSnapshot, by: "ana" });
    process.stdout.write(`tag${i}\n`);
  }
}
