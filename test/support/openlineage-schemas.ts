// What the published OpenLineage schemas demand of the parts that we write, put down anew as JSON Schemas with their public ids.
//
// With STRATA_OPENLINEAGE_SPEC naming the `spec` folder of a checkout of OpenLineage, the published files are used instead.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AnySchema, ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { Ajv2020 } from "ajv/dist/2020.js";

const EVENT = "https://openlineage.io/spec/2-0-2/OpenLineage.json";

const text = { type: "string" };
const uri = { type: "string", format: "uri" };
const uuid = { type: "string", format: "uuid" };
const facet = {
  type: "object",
  required: ["_producer", "_schemaURL"],
  properties: { _producer: uri, _schemaURL: uri },
};
const facets = { type: "object", additionalProperties: { $ref: `${EVENT}#/$defs/BaseFacet` } };
const job = { type: "object", required: ["namespace", "name"], properties: { namespace: text, name: text, facets } };
const dataset = {
  type: "object",
  required: ["namespace", "name"],
  properties: { namespace: text, name: text, facets, inputFacets: facets, outputFacets: facets },
};

const event = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: EVENT,
  $defs: {
    BaseFacet: facet,
    RunEvent: {
      type: "object",
      required: ["eventTime", "producer", "schemaURL", "run", "job"],
      properties: {
        eventType: { enum: ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"] },
        eventTime: { type: "string", format: "date-time" },
        producer: uri,
        schemaURL: uri,
        run: { type: "object", required: ["runId"], properties: { runId: uuid, facets } },
        job,
        inputs: { type: "array", items: dataset },
        outputs: { type: "array", items: dataset },
      },
    },
  },
  $ref: "#/$defs/RunEvent",
};

const field = {
  type: "object",
  required: ["name"],
  properties: { name: text, type: text, description: text, fields: { type: "array" } },
};
const pair = { type: "object", required: ["key", "value"], properties: { key: text, value: text, source: text } };

/** By name: the schema's version, the member it stands under, what it must have, and of which kinds its members are. */
const facetFacts: Readonly<Record<string, readonly [string, string, readonly string[], object]>> = {
  ParentRunFacet: [
    "1-2-0",
    "parent",
    ["run", "job"],
    { run: { type: "object", required: ["runId"], properties: { runId: uuid } }, job },
  ],
  ErrorMessageRunFacet: [
    "1-0-1",
    "errorMessage",
    ["message", "programmingLanguage"],
    { message: text, programmingLanguage: text, stackTrace: text },
  ],
  ProcessingEngineRunFacet: ["1-1-1", "processing_engine", ["version"], { version: text, name: text }],
  TagsRunFacet: ["1-0-0", "tags", [], { tags: { type: "array", items: pair } }],
  JobTypeJobFacet: [
    "2-0-4",
    "jobType",
    ["processingType", "integration"],
    { processingType: text, integration: text, jobType: text },
  ],
  SchemaDatasetFacet: ["1-2-0", "schema", [], { fields: { type: "array", items: field } }],
  DatasetVersionDatasetFacet: ["1-0-1", "version", ["datasetVersion"], { datasetVersion: text }],
  DatasourceDatasetFacet: ["1-0-1", "dataSource", [], { name: text, uri }],
  StorageDatasetFacet: ["1-0-1", "storage", ["storageLayer"], { storageLayer: text, fileFormat: text }],
  DocumentationDatasetFacet: ["1-1-0", "documentation", ["description"], { description: text }],
  OwnershipDatasetFacet: [
    "1-0-1",
    "ownership",
    [],
    {
      owners: { type: "array", items: { type: "object", required: ["name"], properties: { name: text, type: text } } },
    },
  ],
  OutputStatisticsOutputDatasetFacet: [
    "1-0-2",
    "outputStatistics",
    [],
    { rowCount: { type: "integer" }, size: { type: "integer" }, fileCount: { type: "integer" } },
  ],
};

function ownSchemas(): AnySchema[] {
  const made = Object.entries(facetFacts).map(([name, [version, member, required, properties]]) => ({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `https://openlineage.io/spec/facets/${version}/${name}.json`,
    $defs: {
      [name]: { allOf: [{ $ref: `${EVENT}#/$defs/BaseFacet` }, { type: "object", required, properties }] },
    },
    type: "object",
    properties: { [member]: { $ref: `#/$defs/${name}` } },
  }));
  return [event, ...made];
}

function publishedSchemas(folder: string): AnySchema[] {
  const files = [
    join(folder, "OpenLineage.json"),
    ...readdirSync(join(folder, "facets"))
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(folder, "facets", name)),
  ];
  return files.map((file) => JSON.parse(readFileSync(file, "utf8")) as AnySchema);
}

/** Says what is wrong with an event: with itself, and with each facet by the schema that the facet itself names. */
export function openLineageProblems(): (event: any) => string[] {
  const folder = process.env["STRATA_OPENLINEAGE_SPEC"];
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  for (const schema of folder !== undefined && existsSync(folder) ? publishedSchemas(folder) : ownSchemas())
    ajv.addSchema(schema);
  const validator = (url: string): ValidateFunction | undefined => ajv.getSchema(url);
  const problems = (url: string, value: unknown): string[] => {
    const check = validator(url);
    if (check === undefined) return [`there is no schema ${url}`];
    return check(value) === true
      ? []
      : (check.errors ?? []).map(({ instancePath, message }) => `${url} ${instancePath} ${message}`);
  };
  return (one) => {
    const found = problems(one.schemaURL as string, one);
    const datasets = [...one.inputs, ...one.outputs];
    const all = [one.run.facets, one.job.facets, ...datasets.flatMap((d) => [d.facets, d.inputFacets, d.outputFacets])];
    for (const group of all) {
      for (const [name, value] of Object.entries((group ?? {}) as Record<string, any>)) {
        // A facet of our own begins with our name, as the specification asks, and is described where it leads to.
        if (name.startsWith("stratigraph_")) continue;
        for (const problem of problems(value._schemaURL as string, value)) found.push(problem);
      }
    }
    return found;
  };
}
