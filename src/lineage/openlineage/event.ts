// OpenLineage events as plain data: the parts of the published schemas (2-0-2) that we write.

import { idTime } from "../../util/id.ts";
import { fingerprintText } from "../../identity/fingerprint.ts";
import type { RunId, RunState } from "../../backend/records.ts";

/** See https://openlineage.io/spec/2-0-2/OpenLineage.json */
export const SCHEMA_URL = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

export const eventTypes = ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"] as const;
export type RunEventType = (typeof eventTypes)[number];

/** What every facet has. */
export interface Facet {
  readonly _producer: string;
  readonly _schemaURL: string;
}

type Facets = Readonly<Record<string, Facet>>;

export interface RunEvent {
  readonly eventType: RunEventType;
  /** ISO time with zone. */
  readonly eventTime: string;
  /** A URI: which program wrote the event. */
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets: Facets };
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Facets };
  readonly inputs: readonly Dataset[];
  readonly outputs: readonly Dataset[];
}

export interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Facets;
  readonly inputFacets?: Facets | undefined;
  readonly outputFacets?: Facets | undefined;
}

/** The versions of the facets' own schemas. */
const facetVersions = {
  ParentRunFacet: "1-2-0",
  ErrorMessageRunFacet: "1-0-1",
  ProcessingEngineRunFacet: "1-1-1",
  TagsRunFacet: "1-0-0",
  JobTypeJobFacet: "2-0-4",
  SchemaDatasetFacet: "1-2-0",
  DatasetVersionDatasetFacet: "1-0-1",
  DatasourceDatasetFacet: "1-0-1",
  StorageDatasetFacet: "1-0-1",
  DocumentationDatasetFacet: "1-1-0",
  OwnershipDatasetFacet: "1-0-1",
  OutputStatisticsOutputDatasetFacet: "1-0-2",
} as const;
export type FacetName = keyof typeof facetVersions;

/** Makes facets with the two fields they all have filled in; a facet of our own is described where `producer` leads. */
export function facetMaker(producer: string): {
  readonly standard: <Fields extends object>(name: FacetName, fields: Fields) => Facet & Fields;
  readonly own: <Fields extends object>(name: string, fields: Fields) => Facet & Fields;
} {
  return {
    standard: (name, fields) => ({
      _producer: producer,
      _schemaURL: `https://openlineage.io/spec/facets/${facetVersions[name]}/${name}.json#/$defs/${name}`,
      ...fields,
    }),
    own: (name, fields) => ({ _producer: producer, _schemaURL: `${producer}#${name}`, ...fields }),
  };
}

/** The event that tells of a state; `undefined` where nothing has begun. */
export function eventTypeOf(state: RunState): RunEventType | undefined {
  switch (state) {
    case "scheduled":
      return undefined;
    case "running":
      return "START";
    case "succeeded":
    case "warning":
      return "COMPLETE";
    case "failed":
      return "FAIL";
    case "cancelled":
    case "lost":
    case "skipped":
      return "ABORT";
  }
}

/**
 * A run's id as the UUID that OpenLineage asks for, made from the id alone, so that whoever tells of a run gives it the same one. An id
 * that is a UUID already stays; one of ours becomes version 7 (RFC 9562 §5.7) with its time in front, any other version 8.
 */
export function uuidOf(run: RunId): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(run)) return run.toLowerCase();
  const made = fingerprintText(`openlineage run ${run}`);
  const time = idTime(run);
  const front = time === undefined ? made.slice(20) : time.toString(16).padStart(12, "0");
  const variant = ((Number.parseInt(made.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  const version = time === undefined ? "8" : "7";
  return `${front.slice(0, 8)}-${front.slice(8)}-${version}${made.slice(0, 3)}-${variant}${made.slice(4, 7)}-${made.slice(7, 19)}`;
}
