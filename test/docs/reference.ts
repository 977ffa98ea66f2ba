// The parts of the reference pages that are made from the sources: error codes, reasons, states, exit codes, help texts.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { reasonCodes } from "../../src/build/reason.ts";
import { finishedStates, plannedStates } from "../../src/build/step-state.ts";
import { entries } from "../../src/cli/catalog.ts";
import { eventTypes } from "../../src/changes/event-types.ts";
import { commandHelp } from "../../src/cli/help.ts";
import { readPage, root } from "./markdown.ts";

/** The pages that have such parts, which stand between `<!-- made from the sources: name -->` and `<!-- until here -->`. */
export const referencePages = ["docs/cli.md", "docs/errors.md", "docs/facts.md"];

const parts: Readonly<Record<string, () => string | Promise<string>>> = {
  errors: errorTables,
  reasons: () => table(["reason", "means"], Object.entries(reasonCodes)),
  "planned states": () => table(["state", "means"], Object.entries(plannedStates)),
  "finished states": () => table(["state", "means"], Object.entries(finishedStates)),
  commands: helpTexts,
  events: eventTable,
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

/** The groups are comments in the source, so it is read as text. */
function errorTables(): string {
  const source = readFileSync(join(root, "src", "errors.ts"), "utf8");
  const declaration = source.slice(source.indexOf("errorCodes = {"), source.indexOf("} as const"));
  const groups: { readonly title: string; readonly rows: [string, string][] }[] = [];
  for (const [, title, code, sentence] of declaration.matchAll(/^ {2}(?:\/\/ (.+)|([A-Z_]+):\s*"(.+)",)$/gm)) {
    if (title !== undefined) groups.push({ title, rows: [] });
    else groups.at(-1)!.rows.push([code!, sentence!]);
  }
  return groups
    .map(({ title, rows }) => `## ${title[0]!.toUpperCase()}${title.slice(1)}\n\n${table(["code", "means"], rows)}`)
    .join("\n");
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
