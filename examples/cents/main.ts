// Builds the graph from a program, twice: the second time nothing has changed, neither data nor code.

import { sqlite } from "stratigraph/sqlite";
import { cents } from "./graph.ts";

const backend = sqlite(".strata/strata.db");
const first = await cents.build({ backend });
console.log(await first.read(cents.artifacts.total), `${first.result.built} built`);

const second = await cents.build({ backend });
console.log(await second.read(cents.artifacts.total), `${second.result.built} built`);
