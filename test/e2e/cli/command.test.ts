// What a command() starts, and that nothing of it is left: after Ctrl-C, after its time, and after a failure.

import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openSpace, type Space } from "../../support/space.ts";

/** A program that starts another one, says which processes they are, and waits; `trap` is what it does about signals. */
async function openSlow({ trap = "", timeout = "" } = {}): Promise<Space> {
  const space = await openSpace();
  space.write({
    "slow.sh": `${trap}\nsleep 300 &\necho "begun $$ $!" >&2\nwait; wait\nsleep 300\n`,
    "slow.ts": `import { z } from "zod";
import { artifact, command, graph, text } from "stratigraph";

const Lines = artifact({ schema: z.string(), format: text() });
const slow = command({
  name: "slow",
  inputs: {},
  output: Lines,
  scripts: { slow: new URL("slow.sh", import.meta.url) },
  run: ["sh", "{scripts.slow}"],${timeout}
});
export const lines = graph("lines", () => ({ lines: slow() }));
`,
  });
  return space;
}

describe("what a command started", () => {
  it.each([
    ["Ctrl-C", 1, "", 130],
    ["Ctrl-C, also where it hears no signal,", 1, "trap '' TERM INT HUP", 130],
    ["a second Ctrl-C, at once,", 2, "trap '' TERM INT HUP", 130],
  ])("is gone after %s and nothing is stored", { timeout: 30_000 }, async (_, times, trap, code) => {
    await using space = await openSlow({ trap });
    let processes: number[] = [];

    const stopped = await space.run(["build", "slow.ts"], {
      onOutput(text, child) {
        if (processes.length > 0 || !text.includes("begun")) return;
        processes = processesOf(text);
        child.kill("SIGINT");
        if (times === 2) setTimeout(() => child.kill("SIGINT"), 50);
      },
    });
    const plan = await space.strata("plan", "--json");

    expect(stopped.code).toBe(code);
    expect(processes).toHaveLength(2);
    await expectGone(processes);
    expect(plan.json.steps).toMatchObject([{ key: "lines", reason: "never-built" }]);
  });

  it("is gone when its time is over, and the step says how much that was", { timeout: 30_000 }, async () => {
    await using space = await openSlow({ timeout: "\n  timeout: 300," });
    let told = "";

    const { code, stdout } = await space.run(["build", "slow.ts"], { onOutput: (text) => (told += text) });

    expect(code).toBe(1);
    expect(stdout).toContain("300 ms");
    await expectGone(processesOf(told));
  });
});

function processesOf(text: string): number[] {
  return (/begun (\d+) (\d+)/.exec(text)?.slice(1) ?? []).map(Number);
}

/** A moment is allowed: the last signal is sent as the build ends. */
async function expectGone(processes: readonly number[]): Promise<void> {
  expect(processes).toHaveLength(2);
  for (let attempt = 0; attempt < 50 && processes.some(isRunning); attempt++) await wait(20);
  expect(processes.filter(isRunning)).toEqual([]);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that has ended may still be listed, until whoever is to takes note of it.
    return process.platform !== "linux" || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
