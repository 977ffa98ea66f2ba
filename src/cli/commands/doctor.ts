// strata doctor: is this machine, this project and its database in order?

import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Backend } from "../../backend/backend.ts";
import { detectLineage, detectRegistry } from "../../config/detect.ts";
import { unknownVariables } from "../../config/environment.ts";
import { configConcern } from "../../config/project.ts";
import { isStratigraphError } from "../../errors.ts";
import { examine, type Check, type CheckStatus } from "../../operations/doctor.ts";
import { defineCommand, type Call, type Command } from "../command.ts";
import { shownPath } from "../../code/frames.ts";
import { findProject, type Project } from "../project.ts";
import { escapeText } from "../terminal/escape.ts";
import { count } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";

export const doctor: Command = defineCommand({
  name: "doctor",
  summary: "check this machine, the project and its database",
  details: ["Changes nothing. Exit code 1 if something is wrong; a warning is not."],
  examples: [{ command: "strata doctor", says: "before asking for help" }],
  async run(call) {
    const { colors } = call.terminal;
    const checks = await checksOf(call);
    const wrong = checks.filter(({ status }) => status === "fail").length;
    const doubtful = checks.filter(({ status }) => status === "warn").length;
    const paint: Readonly<Record<CheckStatus, (text: string) => string>> = {
      ok: colors.green,
      warn: colors.yellow,
      fail: colors.red,
    };
    const rows = table(
      checks.map(({ name, status, says }) => [paint[status](status), escapeText(name), escapeText(says)]),
      { indent: "  " },
    );
    return {
      exitCode: wrong > 0 ? 1 : 0,
      json: { ok: wrong === 0, checks },
      lines: [
        ...checks.flatMap(({ hint }, index) => [
          rows[index]!,
          ...(hint === undefined ? [] : [`        ${colors.dim("try")}  ${escapeText(hint)}`]),
        ]),
        wrong + doubtful === 0 ? colors.green("all well") : `${count(wrong, "failure")}, ${count(doubtful, "warning")}`,
      ],
    };
  },
});

async function checksOf(call: Call): Promise<Check[]> {
  const checks: Check[] = [...environmentChecks(call)];
  let project: Project;
  try {
    project = await findProject(call);
  } catch (error) {
    return [...checks, failure("config", error)];
  }
  checks.push(configCheck(project, call), await graphCheck(project, call), copyCheck(project));
  for (const check of await choiceChecks(project, call)) checks.push(check);
  let backend: Awaited<ReturnType<Project["backend"]>>;
  try {
    backend = await project.backend();
  } catch (error) {
    return [...checks, failure("database", error)];
  }
  return [
    ...(await examine({ backend, root: project.root, home: project.home })),
    ...checks,
    ...(await databaseChecks(project)),
  ];
}

/** Variables that begin with STRATA_ and mean nothing are slips. */
function environmentChecks({ env }: Call): Check[] {
  return unknownVariables(env).map(({ name, guess }) => ({
    name: "environment",
    status: "warn",
    says: `${name} means nothing`,
    hint: guess === undefined ? "See what there is: strata config show --variables" : `Did you mean ${guess}?`,
  }));
}

/** Which registry and lineage backend are meant, and why. */
async function choiceChecks(project: Project, { env }: Call): Promise<Check[]> {
  try {
    const config = await project.settings();
    const plugins = await project.plugins();
    const isThere = (name: string): boolean => plugins.has("registry-backends", name);
    const choices = { registry: detectRegistry({ config, env, isThere }), lineage: detectLineage({ config }) };
    return Object.entries(choices).map(([what, { name, reason }]) => {
      const there = plugins.has(what === "registry" ? "registry-backends" : "lineage-backends", name);
      const says = `'${name}': ${reason}`;
      return there
        ? { name: what, status: "ok", says }
        : { name: what, status: "fail", says: `${says}; there is no such plugin`, hint: "See: strata plugins" };
    });
  } catch (error) {
    return [failure("config", error)];
  }
}

function configCheck({ configFile, root }: Project, { cwd }: Call): Check {
  if (configFile === undefined) return { name: "config", status: "ok", says: `none; the project is ${root}` };
  const concern = configConcern(configFile);
  return concern === undefined
    ? { name: "config", status: "ok", says: `${shownPath(configFile, cwd)}; the project is ${root}` }
    : { name: "config", status: "warn", says: concern, hint: `chmod go-w ${shownPath(configFile, cwd)}` };
}

async function graphCheck(project: Project, { cwd }: Call): Promise<Check> {
  if (project.file === undefined)
    return { name: "graph", status: "warn", says: "no graph file here", hint: "Start one: strata init" };
  try {
    const graphs = await project.graphs();
    const names = graphs.map(({ name, definition }) => `'${name}' with ${count(definition.nodes.size, "artifact")}`);
    return { name: "graph", status: "ok", says: `${shownPath(project.file, cwd)} declares ${names.join(", ")}` };
  } catch (error) {
    return failure("graph", error);
  }
}

/** A second copy has a memory of its own, and may be of another version. */
function copyCheck({ root }: Project): Check {
  const running = realpathSync(fileURLToPath(new URL("../../../package.json", import.meta.url)));
  try {
    const installed = realpathSync(createRequire(join(root, "_.js")).resolve("stratigraph/package.json"));
    if (installed === running) return { name: "package", status: "ok", says: running };
    return {
      name: "package",
      status: "warn",
      says: `this program is ${running}, the project has ${installed}`,
      hint: "Run the project's own: npx strata",
    };
  } catch {
    return { name: "package", status: "ok", says: `${running}; the project has none of its own` };
  }
}

/** Of the database that is there unless the configuration says otherwise. */
async function databaseChecks({ config, home }: Project): Promise<Check[]> {
  if (config.backend !== undefined)
    return [{ name: "database", status: "ok", says: `${kindOf(config.backend)}, as the configuration says` }];
  const { examineDatabase } = await import("../database.ts");
  return examineDatabase(join(home, "strata.db"));
}

/** A URL may hold a password. */
function kindOf(backend: string | Backend): string {
  return typeof backend === "string" ? backend.replace(/:.*$/s, "") : backend.kind;
}

function failure(name: string, error: unknown): Check {
  if (!isStratigraphError(error)) throw error;
  return {
    name,
    status: "fail",
    says: error.where === undefined ? error.what : `${error.where}: ${error.what}`,
    hint: error.hint,
  };
}
