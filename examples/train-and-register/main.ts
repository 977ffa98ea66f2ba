// Trains a forest on penguins, registers it, lets a gate decide whether it goes live, and traces what is live back to its file.

import { trace, traceText } from "stratigraph/lineage";
import { createMLOps } from "stratigraph/mlops";
import { jsonCodec } from "stratigraph/registry";
import { sqlite } from "stratigraph/sqlite";
import { Forest, predict } from "./forest.ts";
import { penguins } from "./penguins.ts";

const backend = sqlite(".strata/strata.db");
const snapshot = await penguins.build({ backend });
const scores = await snapshot.read(penguins.artifacts.scores);
console.log(`The forest knows ${(scores.accuracy * 100).toFixed(1)} % of ${scores.birds} birds it has never seen.`);

await using mlops = await createMLOps({ backend });
const { registry } = mlops;

// A version is tied to the partition it was made from: the snapshot knows the rest.
const version = await registry.register({
  name: "wildlife/penguins",
  from: { snapshot, artifact: "forest" },
  framework: "ml-random-forest",
  hyperparameters: { trees: 25, seed: 3 },
  metrics: { accuracy: scores.accuracy, worst_recall: scores.worst_recall },
  gates: { min_accuracy: 0.95, min_worst_recall: 0.9 },
});
console.log(`Registered ${version.uri}, in ${version.stage}.`);

const { gateResults } = await registry.promote(version.uri, "production", { reason: "better than by eye" });
for (const { gate, passed, message } of gateResults)
  console.log(`  ${passed ? "passed" : "failed"}  ${gate}: ${message}`);

// Whoever serves it asks for what is in production, and gets verified bytes.
const live = await registry.load("wildlife/penguins@production", jsonCodec(Forest));
const bird = { features: [46.1, 13.2, 211, 4500] };
console.log(`A bird with a beak of 46.1 mm and 4500 g is a ${predict(live, [bird])[0]}.`);

// And where did that answer come from?
const found = await trace(mlops.connection, { model: "wildlife/penguins@production" });
console.log(traceText(found));
