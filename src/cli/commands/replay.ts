// strata replay: run one producer again on exactly what a stored result was made from.

import { resolve } from "node:path";
import { placeText } from "../../build/place.ts";
import { compareWith } from "../../operations/reproduce.ts";
import { replayPartition } from "../../operations/replay.ts";
import { defineCommand, exitCodes, flag, text, type Command } from "../command.ts";
import { findFormer, findSnapshot, withLookup } from "../lookup.ts";
import { writeOutput } from "../output-file.ts";
import { differenceLines } from "../report/differences.ts";
import { plainJson } from "../report/json.ts";
import { findPartition, parseTarget, splitReference } from "../target.ts";
import { escapeText } from "../terminal/escape.ts";
import { count, duration, short } from "../terminal/quantity.ts";

export const replay: Command = defineCommand({
  name: "replay",
  summary: "run one producer again on exactly its stored inputs, and compare",
  details: [
    "Reads the inputs a stored result was made from, each checked against what was recorded, runs the producer as the code is now, " +
      "and says where the result differs. Nothing is stored. Good for finding out what went wrong in a build, with a debugger too.",
  ],
  arguments: [{ shape: "<artifact[partition]@snapshot>", says: "total, days[2026-01-02]@prod; @latest unless told" }],
  options: {
    inspect: flag("--inspect", "wait for a debugger on 127.0.0.1:9229, and stop right before the producer"),
    out: text("--out <file>", "write what the producer made now, as it would be stored"),
  },
  codes: [{ code: exitCodes.changes, says: "the result is not the one that is stored" }],
  examples: [
    { command: "strata replay total", says: "does it come out the same?" },
    { command: "strata replay 'days[2026-01-02]@prod' --inspect", says: "step through the producer" },
  ],
  run: (call) =>
    withLookup(call, async (lookup) => {
      const { workspace, project } = lookup;
      const { terminal, options, signal } = call;
      const { name, reference = "latest" } = splitReference(call.args[0]!);
      const target = parseTarget(name);
      const { snapshot, description } = await findSnapshot(workspace.connection, lookup.graph, reference);
      const artifact = await findFormer(workspace.connection, lookup.graph, description, target.key);
      const partition = await findPartition(workspace.connection, snapshot, artifact, target.partition);
      const { definition } = await project.graph();
      const key = definition.keyNow(artifact.key);
      const result = await replayPartition(
        workspace,
        definition,
        snapshot,
        { key, partition },
        {
          signal,
          secrets: project.config.secrets,
          log: (line) => terminal.warn(`${terminal.colors.dim("log:")} ${escapeText(line)}`),
          ...(options.inspect ? { before: () => waitForDebugger((line) => terminal.warn(line)) } : {}),
        },
      );
      const node = definition.nodes.get(key)!;
      const bytes = result.outputs.get(key)!;
      const differences = result.same ? undefined : await compareWith(workspace, node, partition, bytes);
      if (options.out !== undefined) writeOutput(resolve(call.cwd, options.out), bytes);
      const place = escapeText(placeText(key, partition.key));
      return {
        exitCode: result.same ? exitCodes.done : exitCodes.changes,
        json: {
          graph: lookup.graph,
          snapshot: snapshot.id,
          key,
          partition: partition.key,
          same: result.same,
          sameProducer: result.sameProducer,
          producer: result.run.producer ?? null,
          version: result.run.version ?? null,
          run: result.run.id,
          duration: Math.round(result.duration * 1000) / 1000,
          inputs: result.inputs.map(({ name: input, partition: { key: text, content, location } }) => ({
            name: input,
            key: text,
            content,
            location,
          })),
          differences: differences === undefined ? null : plainJson(differences),
        },
        lines: [
          ...(result.sameProducer
            ? []
            : [
                terminal.colors.yellow(
                  `the producer is not the one that made it (${escapeText(result.run.producer ?? "")} ${escapeText(result.run.version ?? "")}): this is what it makes now`,
                ),
              ]),
          `${place} of snapshot ${short(snapshot.id)}: ${
            result.same ? terminal.colors.green("the same") : terminal.colors.red("another result")
          } from ${count(result.inputs.length, "stored input")} (${duration(result.duration)})`,
          ...(differences === undefined ? [] : differenceLines(differences)),
        ],
      };
    }),
});

async function waitForDebugger(tell: (line: string) => void): Promise<void> {
  const inspector = await import("node:inspector");
  // Opened already where Node was started with --inspect.
  if (inspector.url() === undefined) {
    inspector.open(9229, "127.0.0.1");
    tell(`waiting for a debugger: ${inspector.url() ?? ""} (Chrome: chrome://inspect)`);
    inspector.waitForDebugger();
  }
  // The next statement that the user cares about is the producer's first.
  debugger;
}
