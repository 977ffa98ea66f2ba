// Streams that are killed in the middle, and what memory they take: real processes, real files, real SIGKILL.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const program = fileURLToPath(new URL("programs/stream.mjs", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-streams-"));
  mkdirSync(join(folder, "data"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writeRows(count: number, note: string): void {
  const lines = Array.from({ length: count }, (_, id) => `${JSON.stringify({ id, note })}\n`);
  writeFileSync(join(folder, "data/rows.ndjson"), lines.join(""));
}

/** `kill`: with SIGKILL, when half of the rows are written. */
function run(
  rows: number,
  { pause = 0, kill = false, options = [] as readonly string[] } = {},
): Promise<{ output: string; errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...options, program, folder, String(rows), String(pause)], {
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    let [output, errors] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (kill && output.includes("half")) child.kill("SIGKILL");
    });
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.on("error", reject);
    child.on("close", () => resolve({ output, errors }));
  });
}

function written(): string[] {
  return readdirSync(join(folder, "out")).filter((name) => !name.startsWith(".strata-tmp-"));
}

it("a stream that is killed in the middle has no name, and the next build finishes", { timeout: 60_000 }, async () => {
  writeRows(20_000, "some text");

  const killed = await run(20_000, { pause: 60_000, kill: true });

  expect(killed).toEqual({ output: "half\n", errors: "" });
  expect(written()).toEqual([]);

  const next = await run(20_000);

  expect(next.errors).toBe("");
  expect(next.output).toMatch(/^half\ndone 1 /);
  expect(readFileSync(join(folder, "out", written()[0]!))).toEqual(readFileSync(join(folder, "data/rows.ndjson")));
});

it("a file larger than the memory it is given goes through", { timeout: 120_000 }, async () => {
  // 60 MB of bytes, twice that as texts in memory, and more as objects.
  writeRows(60_000, "x".repeat(1000));

  const { output, errors } = await run(60_000, { options: ["--max-old-space-size=48"] });

  expect(errors).toBe("");
  expect(output).toMatch(/done 1 \d+\n$/);
  expect(Number(/done 1 (\d+)/.exec(output)![1])).toBeLessThan(200);
});
