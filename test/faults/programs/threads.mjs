// Builds the graph of threads-pipeline.mjs with leases of half a second, and says how its step ended and what it made.

import { join } from "node:path";
import { sqlite } from "stratigraph/sqlite";
import spinning from "./threads-pipeline.mjs";

const backend = sqlite(join(process.env.FOLDER, ".strata", "strata.db"));
const snapshot = await spinning.build({ backend, leaseTime: 500 });
const [{ state }] = snapshot.result.steps;
console.log(JSON.stringify({ state, value: await snapshot.read(spinning.artifacts.spun) }));
