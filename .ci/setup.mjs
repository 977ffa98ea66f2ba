// Makes a clone ready to run: packages as the lockfile says, the compiled program, the data of the weather example.
//
// Plain Node without packages, because it runs before there are any. Whatever is ready already is left alone, so every
// command can begin with it; each question is answered from contents, never from times, which a fresh clone scrambles.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const builtFrom = join(root, "node_modules", ".cache", "stratigraph", "built-from");
const OLDEST_NODE = [20, 19];
const DRIVER = "better-sqlite3";
/** Release 12 of the driver, which the lockfile names for the sake of Node 20, crashes Node 24; this one needs no compiler. */
const NEWER_DRIVER = Number.parseInt(process.versions.node) >= 24 ? "13.2.0" : undefined;

checkNode();
installPackages();
checkDriver();
compile();
prepareExample();

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  fail(`Node ${OLDEST_NODE.join(".")} or newer is needed, this is ${process.versions.node}.`);
}

function installPackages() {
  if (packagesAreInstalled()) return;
  say(
    "installing packages (the SQLite driver is compiled where there is no ready-made one: about a minute and a half)",
  );
  if (NEWER_DRIVER === undefined) return npm(["ci"]);
  npm(["ci", "--ignore-scripts"]);
  npm(["install", "--no-save", `${DRIVER}@${NEWER_DRIVER}`]);
}

/** Whether what npm says it installed is what the lockfile asks for; packages for other platforms may be absent. */
function packagesAreInstalled() {
  const wanted = readJson(join(root, "package-lock.json"))?.packages;
  const installed = readJson(join(root, "node_modules", ".package-lock.json"))?.packages;
  if (wanted === undefined) fail("package-lock.json cannot be read; check the clone is complete.");
  if (installed === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === "") return true;
    if (path === `node_modules/${DRIVER}` && NEWER_DRIVER !== undefined)
      return installed[path]?.version === NEWER_DRIVER;
    return installed[path] === undefined ? optional === true : installed[path].version === version;
  });
}

/** The driver is compiled for one version of Node; after a change of Node it has to be compiled again. */
function checkDriver() {
  if (driverError() === undefined) return;
  say("compiling the SQLite driver for this version of Node (about a minute and a half)");
  npm(["rebuild", DRIVER], { mayFail: true });
  const error = driverError();
  if (error === undefined) return;
  say(`the SQLite driver cannot be loaded: ${error}`);
  fail("Install a C++ compiler, make and Python 3, delete node_modules, and run this again.");
}

/** Asked from outside: a driver made for something else may end the process that loads it. */
function driverError() {
  const script = 'new (require("better-sqlite3"))(":memory:").close()';
  const { status, stderr } = spawnSync(process.execPath, ["-e", script], { cwd: root, encoding: "utf8" });
  return status === 0 ? undefined : (/^\w*Error.*$/m.exec(stderr)?.[0] ?? "it ends the process");
}

function compile() {
  const sources = filesBelow(join(root, "src"));
  const digest = createHash("sha256");
  for (const file of [...sources, join(root, "tsconfig.json"), join(root, "package-lock.json")]) {
    digest
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  const now = digest.digest("hex");
  const outputs = sources.filter((file) => file.endsWith(".ts")).map(compiledFile);
  if (outputs.every((file) => existsSync(file)) && readText(builtFrom) === now) return;

  say("compiling");
  // Compiled beside its place and moved there whole, so that a program that runs meanwhile never loads half of each, and a
  // module whose source is gone is gone too.
  const [next, last] = [`${dist}.next-${process.pid}`, `${dist}.last-${process.pid}`];
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  run("compiling", process.execPath, [
    tsc,
    "-p",
    join(root, "src", "tsconfig.json"),
    "--noEmitOnError",
    "--outDir",
    next,
  ]);
  try {
    if (existsSync(dist)) renameSync(dist, last);
    renameSync(next, dist);
  } catch {
    // Another set-up was faster, with the same sources.
  }
  for (const folder of [next, last]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(builtFrom), { recursive: true });
  writeFileSync(builtFrom, now);
}

function compiledFile(source) {
  return join(dist, source.slice(join(root, "src").length)).replace(/\.ts$/, ".js");
}

/** The raw data of the weather example; a folder that is there stays as its owner edited it. */
function prepareExample() {
  const example = join(root, "examples", "weather");
  if (existsSync(join(example, "data"))) return;
  const jiti = join(root, "node_modules", "jiti", "lib", "jiti-cli.mjs");
  run("preparing the data of the weather example", process.execPath, [jiti, join(example, "prepare.ts")]);
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function npm(arguments_, { mayFail = false } = {}) {
  const environment = { ...process.env };
  // Where Node's own headers lie beside it, compiling needs no download of them.
  const prefix = resolve(dirname(process.execPath), "..");
  const header = readText(join(prefix, "include", "node", "node_version.h"));
  const [major] = process.versions.node.split(".");
  if (new RegExp(`NODE_MAJOR_VERSION ${major}\\b`).test(header ?? "")) environment.npm_config_nodedir ??= prefix;

  // Under `npm run` this is the npm that was called; otherwise the one on the path.
  const own = process.env.npm_execpath;
  const [program, ...first] = own?.endsWith("npm-cli.js") ? [process.execPath, own] : ["npm"];
  run(`npm ${arguments_.join(" ")}`, program, [...first, ...arguments_], { environment, mayFail });
}

function run(what, program, arguments_, { environment = process.env, mayFail = false } = {}) {
  const shell = process.platform === "win32" && program === "npm";
  const { status, error } = spawnSync(program, arguments_, {
    cwd: root,
    env: environment,
    shell,
    // What is printed here is about getting ready; the command's own output goes to standard output.
    stdio: ["ignore", 2, 2],
  });
  if (status === 0 || mayFail) return;
  fail(error === undefined ? `${what} failed; what is said above tells why.` : `${what} failed: ${error.message}.`);
}

function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function readJson(file) {
  const text = readText(file);
  return text === undefined ? undefined : JSON.parse(text);
}

function say(sentence) {
  console.error(`set-up: ${sentence}`);
}

function fail(sentence) {
  say(sentence);
  process.exit(1);
}
