// A process that works on an SQLite database which other processes use: argv is the file, the task and its arguments.

import { runChildTask } from "../../src/testing/index.ts";
import { sqlite } from "../../src/backend/sqlite/index.ts";

const [path, task, ...args] = process.argv.slice(2);
await runChildTask(sqlite(path!), task!, args);
