// One model's life: a release that its gates stop, one that passes, one that is forced with a reason, and the way back.

import { z } from "zod";
import { isStratigraphError } from "stratigraph";
import { createMLOps } from "stratigraph/mlops";
import { jsonCodec } from "stratigraph/registry";
import { sqlite } from "stratigraph/sqlite";

await using mlops = await createMLOps({ backend: sqlite(".strata/strata.db"), actor: "ana" });
const { registry, events, hooks, audit } = mlops;

// A hook may say no before anything is written, and a subscriber hears of it afterwards.
hooks.pre("model.register", ({ metrics }) => {
  if (Object.keys(metrics).length === 0) throw new Error("a version without metrics cannot be judged");
});
events.subscribe("model.*", ({ type, subject }) => console.log(`    ${type}  ${subject}`));

const Line = jsonCodec(z.object({ slope: z.number(), intercept: z.number() }), { name: "line" });
/** Answers what the new version is called: numbers go on where the last run ended. */
async function register(slope: number, auc: number): Promise<string> {
  const model = { slope, intercept: 1 };
  const { version } = await registry.register({ name: "pricing/demand", model, codec: Line, metrics: { auc } });
  return `pricing/demand@${version}`;
}

console.log("Three candidates are registered:");
const first = await register(0.8, 0.91);
await registry.setGates("pricing/demand", { min_auc: 0.9 });
const second = await register(0.1, 0.72);
const third = await register(0.9, 0.93);

console.log("The first passes its gate and goes live:");
await registry.promote(first, "production");

console.log("The second does not:");
await registry.promote(second, "production").catch(refused);

console.log("The third replaces the first:");
await registry.promote(third, "production");
await registry.setAlias(third, "champion");

console.log("Somebody knows better, and has to say why:");
await registry.promote(second, "production", { force: true }).catch(refused);
await registry.promote(second, "production", { force: true, reason: "the others are on fire" });

console.log("And regrets it:");
await registry.rollback("pricing/demand", { reason: "they were not" });

console.log("A version without metrics is never written:");
await registry.register({ name: "pricing/demand", model: { slope: 0, intercept: 0 }, codec: Line }).catch(refused);

const live = await registry.getByStage("pricing/demand", "production");
console.log(`In production: ${live.version}. What the audit log remembers of promotions:`);
const { items } = await audit.query({ action: "model.promote" });
for (const { status, resource } of items.toReversed()) console.log(`    ${status.padEnd(6)}  ${resource}`);
const { rows, broken } = await audit.verify();
console.log(broken === undefined ? `Its ${rows} rows are as they were written.` : `Row ${broken.number} was changed.`);

function refused(error: unknown): void {
  if (!isStratigraphError(error)) throw error;
  console.log(`    ${error.code}: ${error.what}`);
}
