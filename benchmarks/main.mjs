// npm run bench: compiles the benchmarks, runs each in a process of its own, one after the other, and says whether the gates hold.
//
// What is measured is the compiled program in dist/, which is what users run: a loader that translates TypeScript on the fly would
// change both start and speed. So imports of the package and of ../src lead to dist/ here, while the type check sees the sources.

import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import ts from "typescript";
import { parseLines, record } from "./record.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "..");
// Of this process alone: another run must not pull it away.
const compiled = join(root, "node_modules", ".cache", "stratigraph", `benchmarks-${process.pid}`);
const dist = join(root, "dist");

const names = readdirSync(here)
  .filter((file) => file.endsWith(".bench.ts"))
  .map((file) => file.slice(0, -".bench.ts".length))
  .sort();
const { only, json, quick, record: keep } = options();

process.on("exit", () => rmSync(compiled, { recursive: true, force: true }));
compile();
for (const name of names) {
  if (only.length > 0 && !only.includes(name)) continue;
  const { code, results } = await run(name);
  if (code !== 0) process.exitCode = 1;
  if (keep) await record(root, results);
}

function options() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        only: { type: "string", multiple: true, default: [] },
        json: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        record: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    fail(`${error.message}\nusage: npm run bench -- [--only <name>] [--json] [--quick] [--record]`);
  }
  const only = values.only.flatMap((list) => list.split(","));
  for (const name of only) {
    if (!names.includes(name)) fail(`there is no benchmark '${name}'; there are ${names.join(", ")}`);
  }
  if (values.record && values.quick) fail("--record keeps full measurements: leave --quick out");
  return { ...values, only };
}

/** One process per benchmark, so that none inherits another's heap, caches or optimised code. */
function run(name) {
  const environment = { ...process.env };
  // Node 20 parses extra certificates at every start: 28 ms that are nobody's here.
  delete environment.NODE_EXTRA_CA_CERTS;
  delete environment.NODE_OPTIONS;
  const flags = [
    "--expose-gc",
    join(compiled, "one.mjs"),
    name,
    ...(quick ? ["--quick"] : []),
    ...(json ? ["--json"] : []),
  ];
  const child = spawn(process.execPath, flags, {
    cwd: root,
    env: environment,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  let lines = "";
  child.stdio[3].setEncoding("utf8").on("data", (piece) => (lines += piece));
  return new Promise((done) =>
    child.on("close", (code) => {
      done({ code: code ?? 1, results: parseLines(lines) });
    }),
  );
}

function compile() {
  for (const file of sources(here)) {
    const { outputText } = ts.transpileModule(readFileSync(file, "utf8"), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
    });
    const output = join(compiled, relative(here, file)).replace(/\.ts$/, ".mjs");
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(
      output,
      outputText.replace(/(from |import\()"([^"]+)"/g, (_, before, name) => `${before}"${target(file, name)}"`),
    );
  }
}

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

/** Where a name leads at run time. */
function target(file, name) {
  if (name.startsWith("stratigraph")) {
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    return pathToFileURL(join(root, exports[name.replace(/^stratigraph/, ".")].default)).href;
  }
  if (!name.startsWith(".")) return name;
  const path = resolve(dirname(file), name);
  const inside = relative(join(root, "src"), path);
  if (inside.startsWith("..")) return name.replace(/\.ts$/, ".mjs");
  return pathToFileURL(join(dist, inside.replace(/\.ts$/, ".js"))).href;
}

function fail(sentence) {
  console.error(sentence);
  process.exit(2);
}
