// Versions, metrics and gates as lines for people, and as JSON for programs.

import type { AnnotationRecord, Stage, TransitionRecord } from "../../../backend/model-records.ts";
import type { MetricComparison } from "../../../registry/comparison.ts";
import { isLowerBetter } from "../../../registry/comparison.ts";
import type { GateResult } from "../../../registry/gate.ts";
import type { ModelVersion } from "../../../registry/model-version.ts";
import type { GatesShown } from "../../../registry/noting.ts";
import type { StepOutcome } from "../../../registry/stepping.ts";
import { escapeText } from "../../terminal/escape.ts";
import { table } from "../../terminal/table.ts";
import type { Colors } from "../../terminal/terminal.ts";

const SHOWN_METRICS = 3;

/** Whole numbers as they are, others with three decimals. */
export function metricText(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}

/** "2026-01-02T03:04:05Z", from an ISO time. */
export function timeText(iso: string): string {
  return `${iso.slice(0, 19)}Z`;
}

export function stageColor(colors: Colors, stage: Stage): (text: string) => string {
  switch (stage) {
    case "production":
      return colors.green;
    case "staging":
      return colors.yellow;
    case "development":
      return colors.blue;
    case "archived":
      return colors.white;
  }
}

/** The table of `models list`; `named`: with the model's name in front, where there are several. */
export function versionTable(versions: readonly ModelVersion[], colors: Colors, named = false): string[] {
  const head = ["Version", "Stage", "Registered", "Key metrics"] as const;
  const widths = [12, 14, 28, 30] as const;
  const names = versions.map(({ namespace, name }) => escapeText(`${namespace}/${name}`));
  const wide = names.reduce((most, name) => Math.max(most, name.length), 5);
  const front = (text: string): string => (named ? `${text.padEnd(wide)} ` : "");
  const row = (cells: readonly [string, string, string, string], paint: (text: string) => string): string =>
    `${cells[0].padEnd(widths[0])} ${paint(cells[1].padEnd(widths[1]))} ${cells[2].padEnd(widths[2])}  ${cells[3]}`.trimEnd();
  return [
    `  ${front("Model")}${row(head, (text) => text)}`,
    `  ${front("-".repeat(wide))}${widths.map((width) => "-".repeat(width)).join(" ")}`,
    ...versions.map((version, index) => {
      const metrics = Object.entries(version.metrics).slice(0, SHOWN_METRICS);
      const shown = metrics.map(([name, value]) => `${escapeText(name)}=${metricText(value)}`).join(", ");
      const cells = [version.version, version.stage, timeText(version.createdAt), shown] as const;
      return `  ${front(names[index]!)}${row(cells, stageColor(colors, version.stage))}`;
    }),
  ];
}

export function comparisonTable(comparison: MetricComparison, a: string, b: string, colors: Colors): string[] {
  const line = (cells: readonly [string, string, string], delta: string): string =>
    `  ${cells[0].padEnd(20)} ${cells[1].padEnd(18)} ${cells[2].padEnd(18)} ${delta}`.trimEnd();
  const value = (number: number | null): string => (number === null ? "None" : number.toFixed(4));
  return [
    line(["Metric", `v${a}`, `v${b}`], "Delta"),
    line(["-".repeat(20), "-".repeat(18), "-".repeat(18)], "-".repeat(10)),
    ...Object.entries(comparison).map(([metric, pair]) =>
      line([escapeText(metric), value(pair.a), value(pair.b)], deltaText(metric, pair.delta, colors)),
    ),
  ];
}

function deltaText(metric: string, delta: number | null, colors: Colors): string {
  if (delta === null) return "n/a";
  const text = `${delta < 0 ? "-" : "+"}${Math.abs(delta).toFixed(4)}`;
  if (delta === 0) return text;
  return delta > 0 !== isLowerBetter(metric) ? colors.green(text) : colors.red(text);
}

export function gateTable(results: readonly GateResult[], colors: Colors): string[] {
  return table(
    results.map(({ gate, passed, message, skipped }) => [
      skipped !== undefined ? colors.yellow("skipped") : passed ? colors.green("passed") : colors.red("failed"),
      escapeText(gate),
      escapeText(message),
    ]),
    { indent: "  " },
  );
}

/** What a step came to, its first line the one that scripts look for. */
export function outcomeLines(outcome: StepOutcome, colors: Colors): string[] {
  const { namespace, name, version, stage, changed, archived, gateResults } = outcome;
  const passed = gateResults.filter((result) => result.passed).length;
  const what = `${escapeText(namespace)}/${escapeText(name)} v${version} → ${stageColor(colors, stage)(stage)}`;
  return [
    `${colors.green("[OK]")} ${what}${changed ? "" : ", where it was already"}`,
    ...(passed > 0 ? [`  ${passed} gate(s) passed`] : []),
    ...archived.map((one) => `  v${one.version} made room and is archived`),
  ];
}

export function outcomeJson({
  changed,
  from,
  archived,
  gateResults,
  forced,
  warnings,
  ...version
}: StepOutcome): object {
  return {
    version: versionJson(version),
    changed,
    from,
    to: version.stage,
    archived: archived.map((one) => one.version),
    gates: gateResults,
    forced,
    warnings,
  };
}

/** With the keys that other tools for registries know, and what ours knows beyond them. */
export function versionJson(version: ModelVersion): object {
  return {
    model_name: version.name,
    use_case: version.namespace,
    version: version.version,
    sequence: version.sequence,
    stage: version.stage,
    registered_at: version.createdAt,
    registered_by: version.createdBy,
    promoted_to_staging: version.promotedToStagingAt ?? null,
    promoted_to_prod: version.promotedToProductionAt ?? null,
    archived_at: version.archivedAt ?? null,
    metrics: version.metrics,
    metadata: version.metadata,
    lineage_run_id: version.runId ?? null,
    config_hash: version.configFingerprint ?? null,
    engine_version: version.engineVersion,
    uri: version.uri,
    hyperparameters: version.hyperparameters,
    labels: version.labels,
    framework: version.framework ?? null,
    artifact_type: version.artifactType ?? null,
    artifact_path: version.artifactPath ?? null,
    description: version.description ?? null,
    signature: version.signature ?? null,
    dependencies: version.dependencies,
    fingerprints: {
      sha256: version.digest ?? null,
      content: version.contentFingerprint ?? null,
      snapshot: version.snapshotId ?? null,
    },
    partition: version.partition ?? null,
    size: version.size ?? null,
    files: version.files ?? null,
    revision: version.revision,
    deleted: version.deleted ?? null,
  };
}

export function infoJson(
  version: ModelVersion,
  gates: GatesShown,
  transitions: readonly TransitionRecord[],
  aliases: readonly string[],
  annotations: readonly AnnotationRecord[],
): object {
  return {
    ...versionJson(version),
    gates: gates.effective,
    aliases,
    annotations: annotations.map(({ author, text, at, version: about }) => ({
      author,
      text,
      at,
      version: about ?? null,
    })),
    transitions: transitions.map(({ kind, from, to, at, by, why, forced, gates: asked, correlation }) => ({
      kind,
      from: from ?? null,
      to: to ?? null,
      at,
      by,
      reason: why ?? null,
      forced,
      gates: asked ?? null,
      correlation,
    })),
  };
}
