// Runs one benchmark: `one.mjs <name> [--json] [--quick]`, started by main.mjs, which reads the results from descriptor 3.

import { writeSync } from "node:fs";
import type { Bench } from "./bench.ts";
import { result, resultLine } from "./harness/result.ts";
import { openSpace } from "./harness/space.ts";

const name = process.argv[2]!;
const json = process.argv.includes("--json");
const quick = process.argv.includes("--quick");

const { bench } = (await import(new URL(`./${name}.bench.mjs`, import.meta.url).href)) as { bench: Bench };
if (!json) process.stdout.write(`\n${bench.question}\n`);
const space = openSpace();
process.on("exit", () => space[Symbol.dispose]());
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
for await (const answer of bench.run({ quick, space, result: (facts) => result(name, facts) })) {
  const line = JSON.stringify(answer);
  writeSync(3, `${line}\n`);
  process.stdout.write(`${json ? line : resultLine(answer)}\n`);
  if (answer.status === "above gate") process.exitCode = 1;
}
