// The documents that --json prints, pinned: programs read them.

import { describe, expect, it } from "vitest";
import { day, openSpend } from "./spend.ts";

describe("the documents of --json", () => {
  it("have the shapes in test/golden/cli.json", async () => {
    await using space = await openSpend();
    const documents: Record<string, unknown> = {};
    const ask = async (...args: string[]): Promise<void> => {
      const { json, code } = await space.strata(...args, "--json");
      documents[`strata ${args.join(" ")}`] = { exit: code, document: json as unknown };
    };

    await ask("plan", "spend.ts");
    await ask("build", "spend.ts");
    space.write({ "data/2026-01-02.json": day(5, 1), "data/notes.txt": "" });
    await ask("why", "total");
    await ask("tag", "prod");
    await ask("build", "days");
    await ask("tag");
    await ask("tag", "history", "prod");
    await ask("ls");
    await ask("ls", "days", "--limit", "1");
    await ask("show", "total");
    await ask("show", "days[2026-01-02]");
    await ask("show", "prod");
    await ask("read", "days[2026-01-02]");
    await ask("snapshots");
    await ask("snapshots", "export", "latest", "moved", "--tags");
    await ask("snapshots", "import", "moved");
    await ask("diff", "prod", "latest", "--values");
    await ask("tag", "delete", "prod");
    await ask("verify");
    await ask("gc", "--keep", "1", "--grace", "0");
    await ask("tag", "delete", "prod");
    await ask("build", "--forse");

    await expect(`${JSON.stringify(documents, settle, 2)}\n`).toMatchFileSnapshot("../../golden/cli.json");
  }, 120_000);
});

/** What is another every time is named instead of told. */
function settle(name: string, value: unknown): unknown {
  if (name === "duration" && typeof value === "number") return "<milliseconds>";
  if (name === "by" && typeof value === "string") return "<who>";
  if (name === "folder") return "<folder>";
  if (typeof value !== "string") return value;
  return value
    .replace(/\b[0-9a-f]{64}\b/g, "<digest>")
    .replace(/\b[0-9a-f]{32}\b/g, "<fingerprint>")
    .replace(/\b[0-9a-z]{26}\b/g, "<run>")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replace(/^[\w-]{8,}\.[0-9a-f]{12}$/, "<cursor>");
}
