// What a build that found nothing to do leaves on disk, between real processes: believed while it holds, and never longer.

import { execFile } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Folder } from "../../support/folder.ts";

const root = join(import.meta.dirname, "../../..");
const script = join(root, "test/support/standing-build.mjs");
const run = promisify(execFile);

interface Answer {
  readonly statements: number;
  readonly total: number;
}

async function build(folder: Folder, packageRoot = root): Promise<Answer> {
  const { stdout } = await run(process.execPath, [script, packageRoot, folder.path]);
  return JSON.parse(stdout) as Answer;
}

/** Three sources, built, and found built until another process needs no statement for it. */
async function settled(): Promise<Folder> {
  const folder = new Folder();
  for (const n of [1, 2, 3]) folder.write(`raw/${n}.json`, String(n));
  await build(folder);
  for (let attempt = 0; attempt < 10; attempt++) {
    await wait(50);
    if ((await build(folder)).statements === 0) return folder;
  }
  throw new Error("No process ever believed what the one before it had left.");
}

/** The same program in another place, as the release it is, or as another one. */
function copyProgram(to: Folder, version?: string): string {
  const text = readFileSync(join(root, "package.json"), "utf8");
  const given = version === undefined ? text : text.replace(/"version": "[^"]+"/, `"version": "${version}"`);
  writeFileSync(to.at("package.json"), given);
  cpSync(join(root, "dist"), to.at("dist"), { recursive: true });
  symlinkSync(join(root, "node_modules"), to.at("node_modules"), "junction");
  return to.path;
}

describe("a process that finds what an earlier one left", () => {
  it("asks the database nothing while nothing has changed, and sees the next edit", { timeout: 60_000 }, async () => {
    using folder = await settled();

    expect(await build(folder)).toEqual({ statements: 0, total: 6 });
    folder.write("raw/2.json", "20");
    const { statements, total } = await build(folder);
    expect(statements).toBeGreaterThan(0);
    expect(total).toBe(24);
  });

  it("does not believe another release of the package", { timeout: 60_000 }, async () => {
    using folder = await settled();
    using copy = new Folder();
    using release = new Folder();

    expect(await build(folder, copyProgram(copy))).toEqual({ statements: 0, total: 6 });
    const { statements, total } = await build(folder, copyProgram(release, "999.0.0"));

    expect(statements).toBeGreaterThan(0);
    expect(total).toBe(6);
  });

  it("never gives an answer that another process has overtaken", { timeout: 120_000 }, async () => {
    using folder = await settled();
    for (let round = 1; round <= 6; round++) {
      folder.write("raw/1.json", String(round * 10));
      // Both at once: each leaves an answer where it found nothing to do. A second edit may fall between them.
      const [first] = await Promise.all([build(folder), build(folder)]);
      expect(first.total).toBe(round * 10 + 5);
      folder.write("raw/1.json", String(round * 10 + 1));
      const answers = await Promise.all([build(folder), build(folder), build(folder)]);
      expect(answers.map(({ total }) => total)).toEqual([round * 10 + 6, round * 10 + 6, round * 10 + 6]);
    }
  });
});
