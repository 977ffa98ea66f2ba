// The parts of the reference pages that are made from the sources: error codes, reasons, states, exit codes, help texts.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { reasonCodes } from "../../src/build/reason.ts";
import { finishedStates, plannedStates } from "../../src/build/step-state.ts";
import { entries } from "../../src/cli/catalog.ts";
import { eventTypes } from "../../src/changes/event-types.ts";
import { commandHelp } from "../../src/cli/help.ts";
import { describeVariables, foreignVariables } from "../../src/config/environment.ts";
import { entries as settingEntries } from "../../src/config/settings.ts";
import { shownValue } from "../../src/config/shown.ts";
import { errorGroups, traitsOf } from "../../src/error-codes.ts";
import type * as operations from "../../src/operations/index.ts";
import { groupNames, groups } from "../../src/plugins/groups.ts";
import { readPage, root } from "./markdown.ts";

/** The pages that have such parts, which stand between `<!-- made from the sources: name -->` and `<!-- until here -->`. */
export const referencePages = [
  "docs/again.md",
  "docs/cli.md",
  "docs/configuration.md",
  "docs/errors.md",
  "docs/extending.md",
  "docs/facts.md",
];

const parts: Readonly<Record<string, () => string | Promise<string>>> = {
  errors: errorTables,
  reasons: () => table(["reason", "means"], Object.entries(reasonCodes)),
  "planned states": () => table(["state", "means"], Object.entries(plannedStates)),
  "finished states": () => table(["state", "means"], Object.entries(finishedStates)),
  commands: helpTexts,
  settings: settingTable,
  variables: () =>
    table(
      ["variable", "stands for"],
      describeVariables().map(({ name, path, says }) => [name, path === undefined ? says : `\`${path}\``]),
    ),
  "foreign variables": () =>
    Object.entries(foreignVariables)
      .map(([profile, names]) => {
        const rows = Object.entries(names).map(([name, path]) => [name, `\`${path}\``] as const);
        return table([`profile \`${profile}\``, "stands for"], rows);
      })
      .join("\n"),
  "plugin groups": () =>
    table(
      ["group", "is"],
      groupNames.map((group) => {
        const demand = groups[group];
        const asked =
          demand.kind === "function"
            ? "a function"
            : Object.keys(demand.methods)
                .map((name) => `\`${name}\``)
                .join(", ");
        return [group, `${demand.says}: ${asked}`];
      }),
    ),
  events: eventTable,
  operations: operationTable,
};

/** The page as it should be. */
export async function updated(page: string): Promise<string> {
  const text = readPage(page);
  let result = "";
  let last = 0;
  for (const match of text.matchAll(/(<!-- made from the sources: (.+?) -->\n)[\s\S]*?(<!-- until here -->)/g)) {
    const [whole, open = "", name = "", close = ""] = match;
    const part = parts[name];
    if (part === undefined) throw new Error(`${page}: there is no part '${name}'`);
    result += `${text.slice(last, match.index)}${open}\n${await part()}\n${close}`;
    last = match.index + whole.length;
  }
  return format(result + text.slice(last), { parser: "markdown", printWidth: 120 });
}

function errorTables(): string {
  return Object.entries(errorGroups)
    .map(([group, codes]) => {
      const rows = Object.keys(codes).map((code) => {
        const { sentence, httpStatus, exitCode, retryable, degradable } = traitsOf(code);
        const treated = [retryable ? "retried" : [], degradable ? "degraded" : []].flat().join(", ");
        return `| \`${code}\` | ${sentence} | ${httpStatus} | ${exitCode} | ${treated} |\n`;
      });
      const title = `## ${group.charAt(0).toUpperCase()}${group.slice(1)}`;
      return `${title}\n\n| code | means | HTTP | exit | treated |\n| --- | --- | --- | --- | --- |\n${rows.join("")}`;
    })
    .join("\n");
}

function settingTable(): string {
  const rows = settingEntries.map(({ path, leaf }) => {
    const standard = shownValue({ path, value: leaf.standard });
    const text = standard === null ? "" : `\`${typeof standard === "string" ? standard : JSON.stringify(standard)}\``;
    return `| \`${path}\` | ${leaf.says} | ${leaf.expected.replaceAll("|", "\\|")} | ${path === "plugins" ? "" : text} |\n`;
  });
  return `| setting | means | is | unless told |\n| --- | --- | --- | --- |\n${rows.join("")}`;
}

function eventTable(): string {
  const rows = Object.entries(eventTypes).map(([type, { says, data, kept }]): [string, string, string, string] => [
    `\`${type}\``,
    says,
    Object.keys(data)
      .map((name) => `\`${name}\``)
      .join(", "),
    kept,
  ]);
  return [
    "| event | means | data | kept |",
    "| --- | --- | --- | --- |",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
  ].join("\n");
}

/** What does the same on the command line. */
const commandOf: Readonly<Record<keyof typeof operations, string>> = {
  replay: "strata replay",
  reproduce: "strata verify --rebuild",
  verify: "strata verify",
  diffSnapshots: "strata diff",
  diffDeclared: "strata diff --declared",
  bisect: "strata bisect",
  exportSnapshot: "strata snapshots export",
  importSnapshot: "strata snapshots import",
  collectGarbage: "strata gc",
};

function operationTable(): string {
  const folder = join(root, "src", "operations", "programs");
  const sources = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
  const rows = Object.entries(commandOf).map(([name, command]) => {
    const declared = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\nexport async function ${name}\\b`);
    const text = sources.map((source) => declared.exec(source)?.[1]).find((found) => found !== undefined) ?? "";
    const [sentence = ""] = text
      .replace(/\s*\n? \* ?/g, " ")
      .trim()
      .split(/(?<=\.) /);
    return `| \`${name}\` | \`${command}\` | ${sentence} |\n`;
  });
  return `| call | command | does |\n| --- | --- | --- |\n${rows.join("")}`;
}

async function helpTexts(): Promise<string> {
  let text = "";
  for (const entry of entries) {
    const command = await entry.load();
    text += `### strata ${entry.name}\n\n\`\`\`text\n${commandHelp(command).trimEnd()}\n\`\`\`\n\n`;
  }
  return text;
}

function table(head: readonly [string, string], rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([name, means]) => `| \`${name}\` | ${means.replaceAll("|", "\\|")} |\n`);
  return `| ${head.join(" | ")} |\n| --- | --- |\n${lines.join("")}`;
}
