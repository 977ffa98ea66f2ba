// Commands of all kinds at once on one project, in an order of chance: real processes, of which some are killed. What is refused is meant to be.

import { renameSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { day, openSpend } from "../e2e/cli/spend.ts";
import type { Answer } from "../support/space.ts";
import { fc } from "../support/random.ts";

const PROCESSES = 4;
const COMMANDS = 64;

/** What may be run, each with the codes that others at work may be the cause of. */
const commands: readonly (readonly [command: string, ...codes: string[]])[] = [
  ["build", "SOURCE_CHANGED"],
  ["build days", "SOURCE_CHANGED"],
  ["build --env dev", "SOURCE_CHANGED"],
  ["build --tag seen --move", "SOURCE_CHANGED"],
  ["plan"],
  ["why total"],
  ["verify"],
  ["read total", "PARTITION_NOT_BUILT"],
  ["taint total --why wrong", "PARTITION_NOT_BUILT"],
  ["tag seen latest --move", "SNAPSHOT_INCOMPLETE"],
  ["env promote dev prod", "ENVIRONMENT_UNKNOWN", "SNAPSHOT_INCOMPLETE", "TAG_CONFLICT"],
  ["env rollback prod", "ENVIRONMENT_UNKNOWN", "TAG_CONFLICT"],
  ["gc --keep 1 --grace 0 --delete", "BACKEND_BUSY"],
  ["snapshots export latest", "SOURCE_CHANGED", "SNAPSHOT_INCOMPLETE", "PARTITION_NOT_BUILT"],
];

interface Turn {
  readonly command: (typeof commands)[number];
  readonly edit: number;
  /** Milliseconds. */
  readonly killAfter: number | undefined;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  command: fc.constantFrom(...commands),
  edit: fc.integer({ min: 0, max: 3 }),
  killAfter: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 200, max: 900 }) },
  ),
});

/** The codes of what an answer says to have failed: of the command, or of its steps. */
function codesOf({ json }: Answer): readonly string[] {
  const steps = (json.steps ?? []) as readonly { readonly error?: { readonly code: string } }[];
  const failed = steps.flatMap(({ error }) => (error === undefined ? [] : [error.code]));
  return json.error === undefined ? failed : [...failed, json.error.code as string];
}

describe("commands at once", () => {
  it("refuse only what they must, and leave everything whole", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    const turns = fc.sample(turn, COMMANDS);
    let answered = 0;
    const work = async (): Promise<void> => {
      for (let next = turns.pop(); next !== undefined; next = turns.pop()) {
        const { command, edit, killAfter } = next;
        const [text, ...allowed] = command;
        const args = text.split(" ");
        if (args[0] === "snapshots") args.push(`out/${turns.length}`);
        // At once, as whoever reads half a file is right to complain.
        const draft = `draft-${turns.length}.json`;
        space.write({ [draft]: day(edit) });
        renameSync(space.path(draft), space.path("data/2026-01-02.json"));
        const answer = await space.run([...args, "--json"], { killAfter });
        if (answer.signal !== null) continue;
        answered++;
        if (answer.code === 0 || answer.code === 3) continue;
        const codes = codesOf(answer);
        expect(codes.length, `strata ${text}\n${answer.stdout}${answer.stderr}`).toBeGreaterThan(0);
        expect(allowed, `strata ${text}\n${answer.stdout}`).toEqual(expect.arrayContaining([...codes]));
      }
    };

    await Promise.all(Array.from({ length: PROCESSES }, work));

    expect(answered).toBeGreaterThan(COMMANDS / 2);
    space.write({ "data/2026-01-02.json": day(5) });
    for (const last of ["build", "verify", "gc --keep 1 --grace 0 --delete", "verify", "doctor"]) {
      const { code, stdout, stderr } = await space.strata(...last.split(" "));
      expect(code, `strata ${last}\n${stdout}${stderr}`).toBe(0);
    }
    expect((await space.strata("plan")).stdout).toContain("nothing to do");
  }, 240_000);
});
