#!/usr/bin/env node
// Arguments in, exit code out: the only place that exits. It loads next to nothing, so that --help and --version are there at once.

import { readFileSync } from "node:fs";
import module from "node:module";

const args = process.argv.slice(2);
const words = args.filter((word) => word !== "--json");
const json = words.length < args.length;
// Taken now: later code may guard it against the user's own calls.
const exit = process.exit.bind(process);
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `strata needs Node 20.19 or newer; this is Node ${process.versions.node} at ${process.execPath}.\n`,
  );
  process.exitCode = 1;
} else if (words.length === 1 && (words[0] === "--version" || words[0] === "-V")) {
  process.stdout.write(json ? `${JSON.stringify({ version: version() }, undefined, 2)}\n` : `${version()}\n`);
} else if (
  args.length === 0 ||
  (args.length === 1 && (args[0] === "--help" || args[0] === "-h" || args[0] === "help"))
) {
  const { rootHelp } = await import("./help.ts");
  process.stdout.write(rootHelp());
  if (args.length === 0) process.exitCode = 2;
} else {
  // Keeps what V8 compiled for the next start; Node 20 has no such cache.
  (module as { enableCompileCache?: () => void }).enableCompileCache?.();
  const { run } = await import("./run.ts");
  exit(await run(args, { exit, endWith: (code) => void (process.exitCode = code) }));
}

function version(): string {
  const path = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
