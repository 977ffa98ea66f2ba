// Builds the graph from a program and prints where the heaviest penguins live.

import { sqlite } from "stratigraph/sqlite";
import { islands } from "./islands.ts";

const snapshot = await islands.build({ backend: sqlite(".strata/strata.db") });
for (const line of await snapshot.read(islands.artifacts.ranking)) console.log(line);
console.log(`${snapshot.result.built} built`);
