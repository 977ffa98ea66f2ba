// strata init: a small project that works.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { StratigraphError } from "../../errors.ts";
import { makeFolder } from "../../util/make-folder.ts";
import { defineCommand, type Command } from "../command.ts";
import { shownPath } from "../../code/frames.ts";
import { programName } from "../selection.ts";
import { escapeText } from "../terminal/escape.ts";
import { projectFiles } from "../starter.ts";

export const init: Command = defineCommand({
  name: "init",
  summary: "write a small working project",
  project: false,
  details: ["Asks nothing and overwrites nothing. What it writes can be built at once, and is meant to be changed."],
  arguments: [{ shape: "[folder]", says: "where; made if it is not there; this folder unless told" }],
  examples: [
    { command: "strata init spending", says: "into a new folder" },
    { command: "strata init", says: "into this one" },
  ],
  async run(call) {
    const folder = resolve(call.cwd, call.args[0] ?? ".");
    const name = packageName(basename(folder));
    const stratigraph = ownPlace();
    const files = projectFiles({ name, stratigraph });
    const taken = Object.keys(files).filter((path) => existsSync(join(folder, path)) && path !== "package.json");
    if (taken.length > 0) {
      throw new StratigraphError("USAGE", `there ${taken.length === 1 ? "is" : "are"} already ${taken.join(", ")}`, {
        where: shownPath(folder, call.cwd),
        hint: "Name another folder: strata init <folder>",
      });
    }
    const written: string[] = [];
    for (const [path, text] of Object.entries(files)) {
      const target = join(folder, path);
      if (existsSync(target)) continue;
      write(target, text);
      written.push(path);
    }
    const hasPackage = !written.includes("package.json");
    const program = programName(call.env);
    const next = [
      ...(folder === call.cwd ? [] : [`cd ${quoted(shownPath(folder, call.cwd))}`]),
      hasPackage
        ? `npm install ${quoted(stratigraph.startsWith("file:") ? stratigraph : "stratigraph")} zod`
        : "npm install",
      `${program} build`,
    ];
    return {
      json: { folder, written, kept: hasPackage ? ["package.json"] : [], next },
      lines: [
        ...written.map((path) => `  ${escapeText(path)}`),
        ...(hasPackage ? ["  package.json was there and is as it was"] : []),
        `${call.terminal.colors.dim("next:")} ${next.map((command) => escapeText(command)).join(" && ")}`,
      ],
    };
  },
});

function write(path: string, text: string): void {
  try {
    makeFolder(dirname(path));
    // "wx": whoever was faster keeps theirs.
    writeFileSync(path, text, { flag: "wx" });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new StratigraphError(code === "ENOSPC" ? "STORAGE_FULL" : "STORAGE_READ_ONLY", "the file cannot be written", {
      where: path,
      cause,
    });
  }
}

/** Where a project gets this package from, as npm writes it: its version; for a clone, which no registry has, its folder. */
function ownPlace(): string {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  if (!/[\\/]node_modules[\\/]/.test(root)) return `file:${root.replace(/[\\/]$/, "")}`;
  return `^${(JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version}`;
}

/** A folder's name as npm allows it. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|[._-]+$/g, "");
  return name === "" ? "strata-project" : name;
}

function quoted(path: string): string {
  return /^[\w./:~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
