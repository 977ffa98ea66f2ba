// strata verify: is everything that is stored still what was written?

import { placeText } from "../../build/place.ts";
import { resolveSnapshot } from "../../build/snapshot.ts";
import { executionOf } from "../../config/project.ts";
import type { StoredSnapshot } from "../../backend/records.ts";
import type { Workspace } from "../../build/workspace.ts";
import { problems, reliedOnSnapshots, verifySnapshots, type Finding, type Problem } from "../../operations/verify.ts";
import { systemClock } from "../../util/clock.ts";
import { defineCommand, flag, type Call, type Command } from "../command.ts";
import { findProject, type Project } from "../project.ts";
import type { Reproduction } from "../../operations/reproduce.ts";
import type { Rebuilt } from "../report/rebuilt.ts";
import { createReporter } from "../report/reporter.ts";
import { elapsed } from "../selection.ts";
import { escapeText } from "../terminal/escape.ts";
import { bytesText, count, duration, short } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";

/** What the exit code is the sum of: none of them is a code that another command uses, nor is any sum. */
export const problemCodes: Readonly<Record<Problem, number>> = { missing: 4, damaged: 8, unreadable: 16 };
/** Added where results did not come out the same when they were built again. */
const DIFFERENT = 32;

const DRAW_TIME = 100;

export const verify: Command = defineCommand({
  name: "verify",
  summary: "read everything stored again and compare it with what was recorded",
  details: [
    "Every built partition of the latest snapshot of each graph and of every tagged one, or of those named. Sources are not part of it: each build compares them.",
  ],
  arguments: [{ shape: "[snapshot…]", says: "tags or the first characters of ids" }],
  options: {
    repair: flag("--repair", "build what is missing or damaged again, and look once more"),
    rebuild: flag(
      "--rebuild",
      "also run every producer again on its stored inputs, and compare: what differs depends on more than its inputs",
    ),
  },
  codes: [
    ...(["missing", "damaged", "unreadable"] as const).map((problem) => ({
      code: problemCodes[problem],
      says: `added where ${problems[problem]}; 12 is missing and damaged`,
    })),
    { code: DIFFERENT, says: "with --rebuild: added where a result came out differently" },
  ],
  examples: [
    { command: "strata verify", says: "all that people rely on" },
    { command: "strata verify prod --repair", says: "one snapshot, and mend it" },
    { command: "strata verify latest --rebuild", says: "does everything come out the same a second time?" },
  ],
  async run(call) {
    const { terminal, options, signal } = call;
    const project = await findProject(call);
    // Storages of the user's own can only be read with their file; everything else can without.
    const graph =
      project.file === undefined
        ? undefined
        : await project.graph().then(
            ({ definition }) => definition,
            () => undefined,
          );
    await using workspace = await project.open({ readOnly: !options.repair });
    const snapshots = await chosen(project, workspace, call);
    let drawn = systemClock.monotonic();
    const result = await verifySnapshots(workspace, snapshots, {
      graph,
      signal,
      on({ checked, bytes }) {
        if (!terminal.live || systemClock.monotonic() - drawn < DRAW_TIME) return;
        drawn = systemClock.monotonic();
        terminal.draw([terminal.cut(`  read ${count(checked, "partition")}, ${bytesText(bytes)}`)]);
      },
    });
    const left =
      options.repair && result.findings.length > 0
        ? await repair(workspace, project, result.findings, call)
        : result.findings;
    const repaired = result.findings.length - left.length;
    const counts = { missing: 0, damaged: 0, unreadable: 0 };
    for (const { problem } of left) counts[problem]++;
    const rebuilt = options.rebuild ? await rebuild(workspace, project, snapshots, call) : undefined;
    return {
      exitCode: (Object.keys(counts) as Problem[]).reduce(
        (sum, problem) => sum + (counts[problem] > 0 ? problemCodes[problem] : 0),
        rebuilt?.different === true ? DIFFERENT : 0,
      ),
      json: {
        snapshots: result.snapshots.map(({ id, graph: name, state }) => ({ id, graph: name, state })),
        checked: result.checked,
        bytes: result.bytes,
        ...counts,
        repaired,
        findings: left.map(({ snapshot, key, partition, problem, error }) => ({
          graph: snapshot.graph,
          snapshot: snapshot.id,
          key,
          partition: partition.key,
          problem,
          location: partition.location,
          message: error.message,
        })),
        ...(rebuilt === undefined ? {} : { rebuilt: rebuilt.json }),
      },
      lines: [
        ...table(
          left
            .slice(0, 50)
            .map(({ key, partition, problem, snapshot }) => [
              escapeText(placeText(key, partition.key)),
              terminal.colors.red(problem),
              `in snapshot ${short(snapshot.id)}`,
              terminal.colors.dim(escapeText(partition.location)),
            ]),
          { indent: "  " },
        ),
        ...(left.length > 50
          ? [terminal.colors.dim(`  and ${count(left.length - 50, "other")}; --json has them all`)]
          : []),
        `${left.length === 0 ? terminal.colors.green("all well") : terminal.colors.red(`${count(left.length, "problem")}`)}: ` +
          `${count(result.checked, "partition")}, ${bytesText(result.bytes)} of ${count(result.snapshots.length, "snapshot")} read` +
          `${repaired > 0 ? `, ${repaired} repaired` : ""} (${duration(elapsed())})`,
        ...(rebuilt?.lines ?? []),
        ...(left.length > 0 && !options.repair ? [`${terminal.colors.dim("next:")} strata verify --repair`] : []),
      ],
    };
  },
});

/** Of the graph as it is declared: other graphs' snapshots have their producers elsewhere. */
async function rebuild(
  workspace: Workspace,
  project: Project,
  snapshots: readonly StoredSnapshot[],
  { terminal, signal }: Call,
): Promise<Rebuilt> {
  const { reproduceSnapshot } = await import("../../operations/reproduce.ts");
  const { rebuiltAnswer } = await import("../report/rebuilt.ts");
  const graph = (await project.graph()).definition;
  const results: { snapshot: StoredSnapshot; result: Reproduction }[] = [];
  for (const snapshot of snapshots.filter((one) => one.graph === graph.name)) {
    const on = ({ steps }: { readonly steps: number }): void => {
      if (terminal.live) terminal.draw([terminal.cut(`  ran ${count(steps, "step")} again`)]);
    };
    const { secrets } = project.config;
    results.push({ snapshot, result: await reproduceSnapshot(workspace, graph, snapshot, { signal, secrets, on }) });
  }
  return rebuiltAnswer(results, terminal.colors);
}

async function chosen(project: Project, workspace: Workspace, { args, options }: Call): Promise<StoredSnapshot[]> {
  if (args.length === 0) return reliedOnSnapshots(workspace, options.graph);
  const name = await project.graphName(workspace);
  const snapshots: StoredSnapshot[] = [];
  for (const reference of args) snapshots.push(await resolveSnapshot(workspace.connection, name, reference));
  return snapshots;
}

/** With the settings that `strata build` has. */
async function repair(
  workspace: Workspace,
  project: Project,
  findings: readonly Finding[],
  call: Call,
): Promise<Finding[]> {
  const { repairFindings } = await import("../../operations/repair.ts");
  const { definition } = await project.graph();
  const reporter = createReporter(call.terminal);
  const options = { ...executionOf(project.config), signal: call.signal, on: reporter.on };
  return repairFindings(workspace, definition, findings, options).finally(() => reporter.close());
}
