// The table of docs/cli.md that says what each command prints with --json, against what each of them prints.

import { beforeAll, describe, expect, it } from "vitest";
import { entries } from "../../../src/cli/catalog.ts";
import { readPage } from "../../docs/markdown.ts";
import { day, openSpend } from "./spend.ts";

/** The keys of all the documents that a command printed, by its name. */
type Printed = ReadonlyMap<string, ReadonlySet<string>>;

interface Row {
  readonly commands: readonly string[];
  readonly keys: readonly string[];
  /** What the last column names besides: inner keys, and those that are there at times. */
  readonly more: readonly string[];
}

const rows = rowsOf(readPage("docs/cli.md"));
let printed: Printed;

beforeAll(async () => {
  printed = await everyDocument();
}, 300_000);

describe("the table of JSON documents", () => {
  it("has every command", async () => {
    const names: string[] = [];
    for (const entry of entries) {
      const { name, subcommands } = await entry.load();
      names.push(...(isFamily(name) ? [] : [name]), ...subcommands.map((one) => one.name));
    }

    expect(rows.flatMap(({ commands }) => commands).sort()).toEqual(names.sort());
  });

  it.each(rows)("says what is printed: $commands", ({ commands, keys, more }) => {
    const found = new Set(commands.flatMap((name) => [...printed.get(name)!]));

    expect(keys.filter((key) => !found.has(key))).toEqual([]);
    expect([...found].filter((key) => !keys.includes(key) && !more.includes(key))).toEqual([]);
  });
});

/** Only their parts do anything. */
function isFamily(name: string): boolean {
  return name === "models" || name === "backend";
}

function rowsOf(page: string): Row[] {
  const words = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
  const version = words(/^A version of a model has [^;]*;/m.exec(page)![0]);
  const lines = page.slice(page.indexOf("| command ")).split("\n\n")[0]!.split("\n").slice(2);
  return lines.map((line) => {
    const [, commands = "", keys = "", more = ""] = line.split("|");
    return {
      commands: words(commands),
      keys: [...(keys.includes("a version") ? version : []), ...words(keys)],
      more: words(more),
    };
  });
}

async function everyDocument(): Promise<Printed> {
  await using space = await openSpend();
  const documents = new Map<string, Set<string>>();
  const ask = async (name: string, ...args: string[]): Promise<Readonly<Record<string, unknown>>> => {
    const { json, stdout } = await space.strata(...name.split(" "), "--json", ...args);
    const document = json as Readonly<Record<string, unknown>>;
    expect(Object.keys(Object(document["error"]) as object), stdout).not.toContain("code");
    const keys = documents.get(name) ?? new Set();
    documents.set(name, keys);
    for (const key of Object.keys(document)) keys.add(key);
    return document;
  };

  await ask("init", "fresh");
  await ask("plan", "spend.ts");
  await ask("build", "spend.ts", "--tag", "prod", "--env", "dev");
  await ask("plan", "--env", "test", "--price");
  await ask("why", "total");
  await ask("graph");
  await ask("ls");
  await ask("ls", "days");
  await ask("show", "total");
  await ask("show", "days[2026-01-02]");
  await ask("show", "prod");
  await ask("show", "latest");
  await ask("read", "total");
  await ask("tag", "old");
  await ask("tag set", "older");
  await ask("tag move", "older", "prod");
  await ask("tag");
  await ask("tag list");
  await ask("tag history", "older");
  await ask("tag delete", "older");
  await ask("env");
  await ask("env list");
  await ask("env promote", "dev", "live", "--plan");
  await ask("env promote", "dev", "live", "--why", "checked");
  await ask("env history", "live");
  await ask("env diff", "dev", "live");
  await ask("env rollback", "live", "--why", "wrong");
  await ask("stats", "days");
  await ask("pin", "total", "--why", "checked");
  await ask("pin");
  await ask("unpin", "total");
  await ask("replay", "total");
  await ask("snapshots");
  await ask("snapshots export", "prod", "moved", "--tags");
  await ask("snapshots import", "moved");
  space.write({ "data/2026-01-02.json": day(5, 1) });
  await ask("build");
  await ask("diff", "prod", "latest", "--values");
  await ask("bisect", "total", "--good", "prod", "--run", "grep -q 58");
  await ask("taint", "days[2026-01-02]", "--why", "wrong");
  await ask("verify", "--rebuild");
  await ask("quarantine");
  await ask("gc");
  await ask("backend copy", "other.db");
  await ask("config");
  await ask("config show");
  await ask("plugins");
  await ask("sync");
  await ask("audit");
  await ask("audit list");
  await ask("audit verify");
  await ask("audit export");
  await ask("events");
  await ask("repl", "--eval", "1 + 1");
  await ask("completion", "bash");
  await ask("completion words", "--", "read", "t");
  await ask("doctor");

  const { runs } = (await ask("lineage list")) as { readonly runs: readonly { readonly runId: string }[] };
  await ask("lineage");
  await ask("lineage search", "--status", "success");
  await ask("lineage show", runs[0]!.runId);
  await ask("lineage trace", "total");
  await ask("lineage compare", "prod", "latest");
  await ask("lineage gate", "prod", "--write", "prod.json");
  await ask("lineage gate", "--against", "prod.json");
  await ask("lineage openlineage", "--since", "2020-01-01");
  await ask("lineage export", "lineage");
  await ask("lineage import", "lineage");
  await ask("lineage compact", "--older-than", "2020-01-01");

  const model = ["-m", "team/churn"];
  space.write({ "model.bin": "weights", "other.bin": "other weights" });
  await ask("models register", "model.bin", ...model, "--metric", "auc=0.9");
  await ask("models register", "other.bin", ...model, "--metric", "auc=0.8");
  await ask("models list", ...model);
  const version = [...model, "-v", "1"];
  await ask("models info", ...version);
  await ask("models promote", ...version, "--to", "staging", "--dry-run");
  await ask("models promote", ...version, "--to", "staging");
  await ask("models demote", ...version, "--to", "development");
  await ask("models promote", ...version, "--to", "staging");
  await ask("models promote", ...version, "--to", "production");
  await ask("models promote", ...model, "-v", "2", "--to", "staging");
  await ask("models promote", ...model, "-v", "2", "--to", "production");
  await ask("models rollback", ...model, "--reason", "slow");
  await ask("models archive", ...model, "-v", "2");
  await ask("models restore", ...model, "-v", "2");
  await ask("models compare", ...model, "--versions", "1", "2");
  await ask("models search", "--metric", "auc>0.5");
  await ask("models download", "got", ...version);
  await ask("models gates", ...model);
  await ask("models alias", "champion", ...version);
  await ask("models alias", ...model);
  await ask("models label", "team=blue", ...version);
  await ask("models annotate", "looks good", ...version);
  await ask("models annotate", ...version);
  await ask("models delete", ...model, "-v", "2", "--reason", "old", "--force");
  await ask("export", "kept");
  await ask("import", "kept");
  await ask("reindex", "kept");
  return documents;
}
