// The parts of the reference pages that are made from the sources: error codes, reasons, states, exit codes, help texts.

import { format } from "prettier";
import { reasonCodes } from "../../src/build/reason.ts";
import { finishedStates, plannedStates } from "../../src/build/step-state.ts";
import { entries } from "../../src/cli/catalog.ts";
import { commandHelp } from "../../src/cli/help.ts";
import { errorGroups, traitsOf } from "../../src/error-codes.ts";
import { readPage } from "./markdown.ts";

/** The pages that have such parts, which stand between `<!-- made from the sources: name -->` and `<!-- until here -->`. */
export const referencePages = ["docs/cli.md", "docs/errors.md"];

const parts: Readonly<Record<string, () => string | Promise<string>>> = {
  errors: errorTables,
  reasons: () => table(["reason", "means"], Object.entries(reasonCodes)),
  "planned states": () => table(["state", "means"], Object.entries(plannedStates)),
  "finished states": () => table(["state", "means"], Object.entries(finishedStates)),
  commands: helpTexts,
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
