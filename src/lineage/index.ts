// The entry point `stratigraph/lineage`: what ran, what came from what, and both in other people's forms.

export { createLineage, compactLineage, recordLineage } from "./lineage.ts";
export type { CompactOptions, Lineage, LineageBackend, RecordOptions } from "./lineage.ts";
export type { LineageRecord, NewLineageRecord, NewTaskIO } from "./record.ts";
export { lineageStatuses, type LineageStatus } from "./status.ts";
export { searchRuns, type LineageQuery } from "./search.ts";
export { findRun } from "./find-run.ts";

export { directions, trace } from "./trace.ts";
export type { Direction, Trace, TracedEdge, TracedModel, TracedPartition, TracedRun, TraceOptions } from "./trace.ts";
export type { TraceTarget } from "./origin.ts";
export { groupTrace, type GroupOptions, type LineageGroup } from "./groups.ts";
export { traceText, traceTree, type TreeLine, type TreeOptions } from "./tree.ts";
export { traceSvg } from "./svg.ts";

export { parseReceipt, receiptOfRun, receiptOfSnapshot, type LineageReceipt } from "./receipt.ts";
export { compareReceipts, differenceKinds, differenceText, gateComparison, gateMarkdown } from "./compare.ts";
export type { Comparison, Difference, DifferenceKind, GateOptions, GateResult } from "./compare.ts";

export { importLineage, projectLineage, type Imported, type Projected } from "./files.ts";

export { openLineage, type OpenLineageListener, type OpenLineageOptions } from "./openlineage/listener.ts";
export { openLineageEvents, type EventSelection } from "./openlineage/stored.ts";
export { mirrorOpenLineage, toFile, toServer, type Emit, type ServerOptions } from "./openlineage/emit.ts";
export type { Dataset, Facet, RunEvent, RunEventType } from "./openlineage/event.ts";
export type { OpenLineageNames } from "./openlineage/writer.ts";
