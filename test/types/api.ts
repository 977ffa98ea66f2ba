// The names a user's file imports, from the files that define them.

export { daily, hourly, integers, monthly, oneOf, strings, weekly } from "../../src/identity/declare-dimension.ts";
export type { Daily, Hourly, Key, Monthly, OneOf } from "../../src/identity/dimension.ts";
export { artifact, type Artifact, type KeyOf, type ValueOf } from "../../src/graph/artifact.ts";
export { all, latest, mapKeys, optional, window, type Partition } from "../../src/graph/edge.ts";
export { fanOut } from "../../src/graph/fan-out.ts";
export { file, lazy, stream } from "../../src/graph/view.ts";
export { bytes } from "../../src/graph/bytes.ts";
export { defineGraph as graph, type GraphDefinition } from "../../src/graph/graph.ts";
export { producer, type BuildContext, type Producer } from "../../src/graph/producer.ts";
export { sink } from "../../src/graph/sink.ts";
export type { GraphArtifact, WiredArtifact } from "../../src/graph/wired.ts";
export { local } from "../../src/data/storage/local.ts";
