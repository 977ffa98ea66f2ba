// What a shell is told a word may become: asked through the printed script, by a real bash where there is one.

import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Space } from "../../support/space.ts";
import { openSpend } from "./spend.ts";

const program = join(import.meta.dirname, "..", "..", "..", "dist", "cli", "main.js");
const noBash = spawnSync("bash", ["--version"]).error !== undefined ? "not run: there is no bash here" : undefined;

async function words(space: Space, ...typed: readonly string[]): Promise<readonly string[]> {
  const { json } = await space.strata("completion", "words", "--json", "--", ...typed);
  return (json as { words: readonly string[] }).words;
}

describe("completion", () => {
  it("knows commands, verbs and options, and before the first build no names", async () => {
    await using space = await openSpend();

    expect(await words(space, "b")).toEqual(["build", "bisect", "backend"]);
    expect(await words(space, "snapshots", "e")).toEqual(["export"]);
    expect(await words(space, "snapshots", "export", "--o")).toEqual(["--only"]);
    expect(await words(space, "read", "")).toEqual([]);
    expect(await words(space, "no-such-command", "")).toEqual([]);
    expect(space.has(".strata")).toBe(false);
  }, 60_000);

  it("knows artifacts, tags and snapshots as last built, without running the program", async () => {
    await using space = await openSpend();
    const { json } = await space.strata("build", "spend.ts", "--tag", "prod", "--json");
    const id = (json as { snapshot: string }).snapshot.slice(0, 8);
    space.write({ "spend.ts": `process.exit(9);`, "strata.config.ts": "process.exit(9);" });

    expect(await words(space, "read", "")).toEqual(["days", "total", "vendor.transactions"]);
    expect(await words(space, "read", "total", "--snapshot", "")).toEqual(["prod", "latest", id]);
    expect(await words(space, "bisect", "total", "--good", "p")).toEqual(["prod"]);
    expect(await words(space, "build", "--env", "")).toEqual(["prod"]);
    expect(await words(space, "build", "-f", "spend.ts", "t")).toEqual(["total"]);
    expect(await words(space, "snapshots", "export", "p")).toEqual(["prod"]);
    expect(await words(space, "snapshots", "export", "prod", "")).toEqual([]);
    expect(await words(space, "ls", "--graph", "")).toEqual(["spend"]);
  }, 60_000);

  it("says which shells there are scripts for", async () => {
    await using space = await openSpend();

    const wrong = await space.strata("completion", "tcsh");
    const scripts = await Promise.all(["bash", "zsh", "fish"].map((shell) => space.strata("completion", shell)));

    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain("bash, zsh, fish");
    for (const { stdout } of scripts) expect(stdout).toContain("strata completion words --");
  }, 60_000);

  it.skipIf(noBash !== undefined)(
    noBash ?? "works in bash, as it calls the function",
    async () => {
      await using space = await openSpend();
      space.write({
        "spend.ts": space
          .read("spend.ts")
          .replace("days, total };", 'days, total, "a $(touch ran)": sumAll({ days }) };'),
      });
      await space.strata("build", "spend.ts");
      const { stdout: script } = await space.strata("completion", "bash");
      space.write({
        "bin/strata": `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`,
        "try.sh": `${script}\ncomplete -p strata\nCOMP_WORDS=(strata read "")\nCOMP_CWORD=2\n_strata\nprintf '<%s>' "\${COMPREPLY[@]}"\n`,
      });
      chmodSync(space.path("bin", "strata"), 0o755);

      const { stdout, stderr } = spawnSync("bash", ["--norc", "try.sh"], {
        cwd: space.folder,
        env: { ...process.env, PATH: `${space.path("bin")}:${process.env["PATH"]}`, NO_COLOR: "1" },
        encoding: "utf8",
      });

      expect(stderr).toBe("");
      expect(stdout).toBe(
        "complete -o default -F _strata strata\n<a\\ \\$\\(touch\\ ran\\)><days><total><vendor.transactions>",
      );
    },
    60_000,
  );
});
