// What inference costs: counted, because time depends on the machine.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const folder = dirname(fileURLToPath(import.meta.url));
const root = join(folder, "../..");

const header = `import { z } from "zod";
import { artifact, graph, local, producer } from "./api.ts";
`;

// 36,978 when it was measured; 5 % are left for changes in zod and the compiler.
test("a graph of fifty producers with an artifact each costs at most 39,000 instantiations", () => {
  const count = instantiations(graphOf(50));

  expect(count).toBeLessThan(39_000);
}, 60_000);

test("the cost grows in proportion to the number of producers", () => {
  const [few, many] = [instantiations(graphOf(20)), instantiations(graphOf(80))];

  expect(many / few).toBeLessThan(4.2);
}, 60_000);

/** A chain in which every artifact has a schema of its own, and every type occurs once. */
function graphOf(count: number): string {
  const lines = [header, "const A0 = artifact({ schema: z.object({ id: z.int(), f0: z.number() }) });"];
  for (let i = 1; i <= count; i++) {
    lines.push(
      `const A${i} = artifact({ schema: z.object({ id: z.int(), f${i}: z.number() }) });`,
      `const p${i} = producer({ name: "p${i}", version: "1.0.0", inputs: { row: A${i - 1} }, output: A${i}, build: ({ row }) => ({ id: row.id, f${i}: row.f${i - 1} }) });`,
    );
  }
  lines.push('export const big = graph("big", () => {', '  const a0 = A0.from(local("a.json"));');
  for (let i = 1; i <= count; i++) lines.push(`  const a${i} = p${i}({ row: a${i - 1} });`);
  lines.push(`  return { ${Array.from({ length: count + 1 }, (_, i) => `a${i}`).join(", ")} };`, "});");
  return lines.join("\n");
}

function instantiations(text: string): number {
  const path = join(folder, "cost-program.ts");
  const config = ts.readConfigFile(join(root, "tsconfig.json"), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const [fileExists, readFile] = [host.fileExists.bind(host), host.readFile.bind(host)];
  host.fileExists = (file) => file === path || fileExists(file);
  host.readFile = (file) => (file === path ? text : readFile(file));
  const program = ts.createProgram([path], options, host);
  const messages = program.getSemanticDiagnostics(program.getSourceFile(path));
  expect(messages.map(({ messageText }) => messageText)).toEqual([]);
  return program.getInstantiationCount();
}
