import { sqlite } from "stratigraph/sqlite";
import { penguins } from "./penguins.ts";
const snapshot = await penguins.build({ backend: sqlite(".strata/strata.db") });
console.log(snapshot.result.built, snapshot.result.steps.map(s=>s.error?.message));
console.log(await snapshot.read(penguins.artifacts.scores));
