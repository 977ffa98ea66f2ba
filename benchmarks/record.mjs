// Keeps the last measured results in results.jsonl, and draws the table of docs/performance.md from them.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";

const START = "<!-- results: drawn by `npm run bench -- --record` -->";
const END = "<!-- end of results -->";

/** The results of a benchmark that was run again take the place of its old ones. */
export async function record(root, results) {
  const file = join(root, "benchmarks", "results.jsonl");
  const measured = new Set(results.map(({ name }) => name));
  const kept = existsSync(file) ? parseLines(readFileSync(file, "utf8")).filter(({ name }) => !measured.has(name)) : [];
  const all = [...kept, ...results.map((result) => ({ ...result, ...circumstances() }))].sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
  );
  writeFileSync(file, all.map((result) => `${JSON.stringify(result)}\n`).join(""));
  const page = join(root, "docs", "performance.md");
  const text = readFileSync(page, "utf8");
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${page} has no place for the table: ${START} … ${END}`);
  const drawn = `${before}${START}\n\n${table(all)}\n\n${END}${after}`;
  writeFileSync(page, await format(drawn, { ...(await resolveConfig(page)), filepath: page }));
}

export function parseLines(text) {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}

function circumstances() {
  const processors = cpus();
  const { node, v8 } = process.versions;
  const machine = `${processors.length} × ${processors[0]?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return { date: new Date().toISOString().slice(0, 10), node, v8, machine };
}

function table(results) {
  const head = ["benchmark", "question", "n", "ours", "ratio", "against", "target", "gate", ""];
  const rows = results.map(({ name, case: what, n, unit, median, ratio, against, target, gate, status, note }) => [
    name,
    what,
    n.toLocaleString("en"),
    median === null ? "–" : unit === "count" ? median.toLocaleString("en") : `${median.toLocaleString("en")} ${unit}`,
    ratio === null ? "–" : `**${short(ratio)}**`,
    against,
    short(target),
    short(gate),
    status === "ok" ? "holds its target" : status === "not run" ? `not run: ${note}` : status,
  ]);
  const { date, node, machine } = results.at(-1);
  const load = Math.max(...results.map((result) => result.load));
  const where = `Last run ${date}, Node ${node}, ${machine}; load average at most ${load.toFixed(1)} while measuring.`;
  return [where, "", line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function line(cells) {
  return `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
}

function short(number) {
  return Number(number.toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 3 });
}
