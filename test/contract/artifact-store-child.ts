// A process that works on an artifact store which other processes use: argv is the folder, the task and its arguments.

import { localStore } from "../../src/registry/store/local-store.ts";
import { runArtifactStoreTask } from "../../src/testing/artifact-store-tasks.ts";

const [folder, task, ...args] = process.argv.slice(2);
await runArtifactStoreTask(localStore(folder!), task!, args);
