// What is declared otherwise, as lines; of a schema field by field.

import type { DeclarationDiff } from "../../operations/diff.ts";
import type { SchemaChange, SchemaVerdict } from "../../identity/schema-difference.ts";
import { escapeText } from "../terminal/escape.ts";
import { count } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";
import type { Colors } from "../terminal/terminal.ts";

const MOST_FIELDS = 20;

export function declarationLines(declarations: readonly DeclarationDiff[], colors: Colors): string[] {
  return declarations.flatMap((one) => [
    declarationLine(one, colors),
    ...(one.schema === undefined ? [] : changeLines(one.schema.changes, colors)),
  ]);
}

function declarationLine({ kind, name, part, change, before, after, schema }: DeclarationDiff, colors: Colors): string {
  const what = `${kind} '${escapeText(name)}'`;
  if (part === "") return `  ${what}  ${change === "added" ? colors.green(change) : colors.red(change)}`;
  const verdict = schema === undefined ? "" : `: ${painted(schema.verdict, colors)}`;
  return `  ${what}  ${part} ${escapeText(before ?? "none")} → ${escapeText(after ?? "none")}${verdict}`;
}

/** What breaks first. */
function changeLines(changes: readonly SchemaChange[], colors: Colors): string[] {
  const order: readonly SchemaVerdict[] = ["breaking", "unknown", "compatible"];
  const sorted = [...changes].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  const rows = sorted.slice(0, MOST_FIELDS).map(({ path, says, verdict }) => {
    return [painted(verdict, colors), escapeText(`${path === "" ? "the value" : path} ${says}`)];
  });
  const more = changes.length - rows.length;
  return [
    ...table(rows, { indent: "    " }),
    ...(more > 0 ? [colors.dim(`    and ${count(more, "more change")}`)] : []),
  ];
}

function painted(verdict: SchemaVerdict, colors: Colors): string {
  return verdict === "compatible"
    ? colors.green(verdict)
    : verdict === "breaking"
      ? colors.red(verdict)
      : colors.yellow(verdict);
}
