// A trace as a tree of lines.

import { groupTrace, keyRange, type GroupOptions, type LineageGroup } from "./groups.ts";
import type { Direction, Trace, TracedPartition } from "./trace.ts";

/** One line, in parts, so that whoever prints it can colour and escape them. */
export interface TreeLine {
  /** "│  └─ ". */
  readonly branch: string;
  readonly title: string;
  /** What else there is to say, most important first. */
  readonly notes: readonly string[];
}

export interface TreeOptions extends GroupOptions {
  /** Files told one by one where a group holds several; 10 unless told. */
  readonly files?: number | undefined;
}

/** One tree per direction; what was told in full above is told again by its title only. */
export function traceTree(
  trace: Trace,
  options: TreeOptions = {},
): readonly { readonly direction: Direction; readonly lines: readonly TreeLine[] }[] {
  const groups = groupTrace(trace, options);
  const { files = options.partitions === true ? 0 : 10 } = options;
  return trace.directions.map((direction) => ({ direction, lines: linesOf(groups, direction, files, trace) }));
}

/** The whole as text, for logs and files. */
export function traceText(trace: Trace, options: TreeOptions = {}): string {
  const parts = traceTree(trace, options).map(
    ({ direction, lines }) =>
      `${direction}\n${lines.map(({ branch, title, notes }) => `${branch}${[title, ...notes].join("  ")}`).join("\n")}`,
  );
  return `${[trace.origin.name, ...parts, summaryOf(trace).join(", ")].join("\n")}\n`;
}

function linesOf(groups: readonly LineageGroup[], direction: Direction, files: number, trace: Trace): TreeLine[] {
  const next = direction === "upstream" ? "inputs" : "outputs";
  const lines: TreeLine[] = [];
  const told = new Set<number>();
  const roots = groups.flatMap(({ isOrigin, model }, index) => (isOrigin && model === undefined ? [index] : []));
  const stack = roots.toReversed().map((group) => ({ group, own: "", below: "" }));
  for (let open = stack.pop(); open !== undefined; open = stack.pop()) {
    const { group: index, own, below } = open;
    const group = groups[index]!;
    const following = group[next].filter((one) => !groups[one]!.isOrigin || groups[one]!.model === undefined);
    const again = told.has(index) && following.length > 0;
    lines.push({ branch: own, title: group.title, notes: again ? ["see above"] : notesOf(group, trace) });
    if (again) continue;
    told.add(index);
    const children = following.length;
    const listed = listedFiles(group, files);
    listed.forEach((line, at) => {
      const last = at === listed.length - 1 && children === 0;
      lines.push({ ...line, branch: `${below}${last ? "└─ " : "├─ "}` });
    });
    for (let at = children - 1; at >= 0; at--) {
      const last = at === children - 1;
      stack.push({
        group: following[at]!,
        own: `${below}${last ? "└─ " : "├─ "}`,
        below: `${below}${last ? "   " : "│  "}`,
      });
    }
  }
  return lines;
}

/** Of a group of several raw files each with its fingerprint, as far as they are few. */
function listedFiles(group: LineageGroup, most: number): Omit<TreeLine, "branch">[] {
  const { kind, partitions } = group;
  if (kind !== "raw" || partitions.length < 2 || most === 0) return [];
  const shown = partitions.slice(0, most).map(({ location, content, damaged, current }) => ({
    title: location,
    notes: [content, ...marks({ damaged, current })],
  }));
  const more = partitions.length - shown.length;
  return more === 0 ? shown : [...shown, { title: `and ${more} more`, notes: [] }];
}

function notesOf(group: LineageGroup, trace: Trace): string[] {
  const { kind, partitions, producer, runs, model, graph } = group;
  if (model !== undefined) return [`model #${model.sequence}`, model.deleted ? "deleted" : model.stage];
  const [only, second] = partitions;
  const notes = only !== undefined && second === undefined ? notesOfOne(kind, only) : notesOfMany(group);
  if (kind === "raw" && second === undefined) notes.push("raw");
  if (producer !== undefined) notes.push(producer);
  const [newest] = runs;
  if (newest !== undefined) {
    const when = `${newest.startedAt.slice(0, 19).replace("T", " ")} UTC`;
    notes.push(
      runs.length === 1 ? `run ${newest.id}` : `${runs.length} runs`,
      when,
      `by ${newest.by.split(" ")[0] ?? ""}`,
    );
  }
  if (graph !== undefined && graph !== mainGraph(trace)) notes.push(`graph ${graph}`);
  return notes;
}

function notesOfOne(kind: LineageGroup["kind"], one: TracedPartition): string[] {
  const { artifact, location, content } = one;
  const what = kind === "raw" ? [...(artifact === undefined ? [] : [location]), content] : [content.slice(0, 8)];
  return [...what, ...marks(one)];
}

function notesOfMany(group: LineageGroup): string[] {
  const { kind, partitions } = group;
  const range = keyRange(group);
  const old = partitions.filter(({ current }) => current === false).length;
  return [
    `${partitions.length} ${kind === "raw" ? "raw files" : "partitions"}`,
    ...(range === "" ? [] : [range]),
    ...(old === 0 ? [] : [`${old} made again since`]),
  ];
}

function marks({ damaged, current }: { readonly damaged: boolean; readonly current: boolean | undefined }): string[] {
  return [
    ...(current === false ? ["not in this snapshot: the same value was made again since"] : []),
    ...(damaged ? ["damaged"] : []),
  ];
}

function mainGraph(trace: Trace): string | undefined {
  return trace.partitions[0]?.graph;
}

/** "2 raw files", "3 producers", "5 partitions", "4 runs", "1 model version". */
export function summaryOf(trace: Trace): string[] {
  const raw = trace.partitions.filter((one) => one.raw).length;
  const steps = trace.runs.filter(({ kind }) => kind === "step");
  const producers = new Set(steps.map(({ graph, producer }) => `${graph} ${producer ?? ""}`)).size;
  const counted = (count: number, one: string): string[] =>
    count === 0 ? [] : [`${count} ${one}${count === 1 ? "" : "s"}`];
  return [
    ...counted(raw, "raw file"),
    ...counted(trace.partitions.length - raw, "partition"),
    ...counted(producers, "producer"),
    ...counted(steps.length, "run"),
    ...counted(trace.models.length, "model version"),
    ...(trace.truncated ? ["and more: raise the limit"] : []),
  ];
}
