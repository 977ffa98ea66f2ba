// A chain of producers as a user writes it, for the type checker; and the same chain as plain functions over the same schemas.

import { join } from "node:path";
import ts from "typescript";

/** Every artifact has a schema of its own, and every type occurs once: what costs inference most. */
export function chainOfProducers(count: number, from = "stratigraph"): string {
  const lines = [
    'import { z } from "zod";',
    `import { artifact, graph, local, producer } from "${from}";`,
    "const A0 = artifact({ schema: z.object({ id: z.int(), f0: z.number() }) });",
  ];
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

/** What is left without a framework: schemas, functions between their types, and one that calls them all. */
export function chainOfFunctions(count: number): string {
  const lines = ['import { z } from "zod";', "const A0 = z.object({ id: z.int(), f0: z.number() });"];
  for (let i = 1; i <= count; i++) {
    lines.push(
      `const A${i} = z.object({ id: z.int(), f${i}: z.number() });`,
      `const p${i} = (row: z.infer<typeof A${i - 1}>): z.infer<typeof A${i}> => ({ id: row.id, f${i}: row.f${i - 1} });`,
    );
  }
  lines.push("export const big = (a0: z.infer<typeof A0>) => {");
  for (let i = 1; i <= count; i++) lines.push(`  const a${i} = p${i}(a${i - 1});`);
  lines.push(`  return { ${Array.from({ length: count + 1 }, (_, i) => `a${i}`).join(", ")} };`, "};");
  return lines.join("\n");
}

/** Checks a program that lies in `folder` without being there, with the options of the `tsconfig.json` in `root`. */
export function checkTypes(
  text: string,
  {
    root,
    folder,
    options: more = {},
  }: { readonly root: string; readonly folder: string; readonly options?: ts.CompilerOptions },
): { readonly instantiations: number; readonly messages: readonly string[] } {
  const path = join(folder, "typed-program.ts");
  const config = ts.readConfigFile(join(root, "tsconfig.json"), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const all = { ...options, ...more };
  const host = ts.createCompilerHost(all);
  const [fileExists, readFile] = [host.fileExists.bind(host), host.readFile.bind(host)];
  host.fileExists = (file) => file === path || fileExists(file);
  host.readFile = (file) => (file === path ? text : readFile(file));
  const program = ts.createProgram([path], all, host);
  const messages = program.getSemanticDiagnostics(program.getSourceFile(path));
  return {
    instantiations: program.getInstantiationCount(),
    messages: messages.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
  };
}
