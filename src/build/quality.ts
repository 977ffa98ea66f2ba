// Whether data is as its artifact demands: statistics and checks of what was made. Thresholds are judged in `judge.ts`.

import type { Connection } from "../backend/backend.ts";
import type { Json, PartitionId, QualityRecord, StoredPartition } from "../backend/records.ts";
import { decodeValue } from "../data/io.ts";
import { Accumulator, statisticsOf, type Statistics } from "../data/statistics/statistics.ts";
import { StratigraphError } from "../errors.ts";
import type { DeclaredArtifact } from "../graph/artifact.ts";
import type { ProducerDefinition } from "../graph/producer.ts";
import type { GraphCall, GraphNode } from "../graph/graph.ts";
import { SINGLE } from "../graph/output.ts";
import { percentOf, type Severity } from "../graph/quality.ts";
import type { KeyText } from "../identity/partition-key.ts";
import type { Step } from "./network.ts";
import { placeText } from "./place.ts";
import { isJudged } from "./demands.ts";
import { WrittenRows } from "./row-output.ts";
import { describeThrown } from "./thrown.ts";

/** One demand that data does not meet. */
export interface Finding {
  /** The check or threshold, "validate" of a producer, "statistics" where one could not be computed. */
  readonly name: string;
  readonly severity: Severity;
  /** A sentence. */
  readonly text: string;
}

/** A finding, with the output it is about. */
export interface Warning extends Finding {
  readonly key: string;
  readonly partition: string;
}

/** Of one output: what is kept with it. */
export interface Inspected {
  readonly statistics: Statistics | undefined;
  /** Of its checks; thresholds are judged each time. */
  readonly findings: readonly Finding[];
}

/** Of one output of a step that is used, for its report. */
export function warningsOf(step: Step, key: string, partition: KeyText): { readonly warnings?: readonly Warning[] } {
  const mine =
    step.blocked === undefined
      ? step.warnings?.filter((one) => one.key === key && one.partition === partition)
      : undefined;
  return mine === undefined || mine.length === 0 ? {} : { warnings: mine };
}

/** Statistics and checks see what readers will see: each value parsed back from its bytes. */
export async function inspectOutputs(
  call: GraphCall,
  key: KeyText,
  encoded: readonly (Uint8Array | WrittenRows)[],
): Promise<readonly Inspected[]> {
  const { producer, parts } = call;
  // Of a fan-out this is the list of keys; each partition is validated as it is written.
  if (
    (producer.validate === undefined || parts !== undefined) &&
    !call.outputs.some(({ node }) => isLookedAt(node.artifact))
  ) {
    return call.outputs.map(() => ({ statistics: undefined, findings: [] }));
  }
  const values: Record<string, unknown> = {};
  const inspected: { statistics: Statistics | undefined; findings: Finding[] }[] = [];
  for (const [index, { node, slot }] of call.outputs.entries()) {
    const bytes = encoded[index]!;
    if (bytes instanceof WrittenRows) {
      // Its statistics were taken row by row; checks it has none, see `says.streamedChecks`.
      inspected.push({ statistics: bytes.statistics, findings: [] });
      continue;
    }
    const value = await decodeValue(node.artifact, bytes, placeText(node.key, key));
    values[slot] = value;
    inspected.push(await inspectValue(node.artifact, value));
  }
  const { validate, single } = producer;
  if (validate !== undefined) {
    await addValidated(inspected[0]!.findings, () => validate(single ? values[SINGLE] : values));
  }
  return inspected;
}

function isLookedAt(artifact: DeclaredArtifact): boolean {
  return isJudged(artifact) || Object.keys(artifact.checks).length > 0;
}

/** The same for one partition of a fan-out, which is what `validate` sees then. */
export async function inspectPart(
  { artifact, key: name }: GraphNode,
  { validate }: ProducerDefinition,
  key: KeyText,
  bytes: Uint8Array,
): Promise<Inspected> {
  if (validate === undefined && !isLookedAt(artifact)) return { statistics: undefined, findings: [] };
  const value = await decodeValue(artifact, bytes, placeText(name, key));
  const inspected = await inspectValue(artifact, value);
  if (validate !== undefined) await addValidated(inspected.findings, () => validate(value));
  return inspected;
}

async function addValidated(findings: Finding[], validate: () => unknown): Promise<void> {
  const text = await problemOf(validate);
  if (text !== undefined) findings.push({ name: "validate", severity: "block", text: `validate ${text}` });
}

async function inspectValue(
  artifact: DeclaredArtifact,
  value: unknown,
): Promise<{ statistics: Statistics | undefined; findings: Finding[] }> {
  const findings: Finding[] = [];
  // First: a check may sort what it is given, or cut it down.
  const taken = artifact.quality.statistics ? statisticsOf(value, percentsOf(artifact.quality)) : undefined;
  for (const [name, check] of Object.entries(artifact.checks)) {
    const text = await problemOf(() => check(value));
    const severity = artifact.quality.warnings.has(name) ? "warn" : "block";
    if (text !== undefined) findings.push({ name, severity, text: `check '${name}' ${text}` });
  }
  return { statistics: taken && withOwn(taken, artifact, value, findings), findings };
}

/** A check says `true` or a sentence; anything else is no answer. */
async function problemOf(check: () => unknown): Promise<string | undefined> {
  try {
    const answer = await check();
    if (answer === true) return undefined;
    return typeof answer === "string"
      ? `failed: ${answer}`
      : `failed: no reason given; expected true or a sentence, received ${String(answer)}`;
  } catch (error) {
    return `threw: ${describeThrown(error)}`;
  }
}

/** The artifact's own that give no number are left out, and found. */
export function withOwn(
  taken: Statistics,
  { quality }: DeclaredArtifact,
  value: unknown,
  findings: Finding[],
): Statistics {
  const custom: Record<string, number> = {};
  for (const [name, compute] of Object.entries(quality.own)) {
    let problem: string;
    try {
      const answer: unknown = compute(value);
      if (typeof answer === "number" && Number.isFinite(answer)) {
        custom[name] = answer + 0;
        continue;
      }
      problem = `is not a finite number but ${String(answer)}`;
    } catch (error) {
      problem = `threw: ${describeThrown(error)}`;
    }
    findings.push({ name, severity: "block", text: `statistic '${name}' ${problem}` });
  }
  return { ...taken, custom };
}

/** What takes the statistics of an output that is written row by row; `undefined` where none are asked for. */
export function rowStatistics({ quality }: DeclaredArtifact): Accumulator | undefined {
  return quality.statistics ? new Accumulator(percentsOf(quality)) : undefined;
}

export function percentsOf({ thresholds }: DeclaredArtifact["quality"]): readonly number[] {
  return Object.values(thresholds).flatMap(({ of }) => percentOf(of) ?? []);
}

/** Sentences that one error says: more than somebody reads. */
const MOST_SAID = 3;

/** Why a step's outputs are refused; `named`: each sentence begins with the partition it is about. */
export function refusal(
  place: string,
  findings: readonly (Finding | Warning)[],
  hint: string | undefined,
  named: boolean = false,
): StratigraphError | undefined {
  const blocking = findings.filter(({ severity }) => severity === "block");
  if (blocking.length === 0) return undefined;
  const said = blocking.map((one) =>
    named && "partition" in one ? `${placeText(one.key, one.partition as KeyText)}: ${one.text}` : one.text,
  );
  const most = named ? MOST_SAID : said.length;
  const rest = said.length > most ? `; and ${said.length - most} more` : "";
  return new StratigraphError("STEP_CHECK_FAILED", `${said.slice(0, most).join("; ")}${rest}`, { where: place, hint });
}

/** What is kept with a partition; `undefined` where there is nothing. */
export function qualityRecord(partition: PartitionId, { statistics, findings }: Inspected): QualityRecord | undefined {
  if (statistics === undefined && findings.length === 0) return undefined;
  // `undefined` members are no JSON.
  const plain = JSON.parse(JSON.stringify({ statistics, findings })) as { statistics?: Json; findings: Json };
  return { partition, statistics: plain.statistics, findings: plain.findings };
}

export async function writeInspected(
  tx: Connection,
  outputs: readonly StoredPartition[],
  inspected: readonly Inspected[],
): Promise<void> {
  await tx.writeQuality(outputs.flatMap(({ id }, slot) => qualityRecord(id, inspected[slot]!) ?? []));
}
