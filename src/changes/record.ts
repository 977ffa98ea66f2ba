// A record that crosses versions of this package: a strict core, free metadata, and whatever a newer writer put beside them.

import { z } from "zod";
import type { Json } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";

/** What every such record has besides its core. */
export interface RecordEnvelope {
  /** The version of this package that made the record: stamped once, kept by whoever reads and rewrites it. */
  readonly engineVersion: string;
  /** New data goes here first; a key nobody knows is kept. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Top-level keys this version does not know, as they came: written back where they stood. */
  readonly extensions: Readonly<Record<string, Json>>;
}

export interface RecordDefinition<Core> {
  readonly name: string;
  /** Rises with every change of the core, and then the package's major version does as well. */
  readonly version: number;
  /** The core as JSON Schema, for the test that pins it. */
  readonly coreSchema: Json;
  /** Makes one: the only place where the stamp is given. Error: VALIDATION_FAILED. */
  create(
    fields: Core & Partial<Omit<RecordEnvelope, "engineVersion">>,
    engineVersion: string,
  ): Readonly<Core> & RecordEnvelope;
  /** Takes one that was written, by whichever version; keeps its stamp and all it does not know. Error: VALIDATION_FAILED. */
  parse(written: unknown): Readonly<Core> & RecordEnvelope;
  /** As it is to be written: one flat object, with the unknown keys back on top. */
  write(record: Readonly<Core> & RecordEnvelope): Readonly<Record<string, Json>>;
}

const Metadata = z.record(z.string(), z.string());
const EngineVersion = z.string().min(1);
const OWN_KEYS: ReadonlySet<string> = new Set(["engineVersion", "metadata"]);

/**
 * Declares a record. The core's fields are checked strictly and change with a major version only, see "Records that outlive their
 * writers" in docs/design-notes.md.
 */
export function defineRecord<Shape extends z.ZodRawShape>(definition: {
  readonly name: string;
  readonly version: number;
  readonly core: z.ZodObject<Shape>;
}): RecordDefinition<z.output<z.ZodObject<Shape>>> {
  type Core = z.output<z.ZodObject<Shape>>;
  const { name, version, core } = definition;
  const known = new Set([...Object.keys(core.shape), ...OWN_KEYS]);
  for (const key of OWN_KEYS) {
    if (Object.hasOwn(core.shape, key)) throw new TypeError(`record '${name}': '${key}' is no part of a core`);
  }
  if (Object.hasOwn(core.shape, "extensions"))
    throw new TypeError(`record '${name}': 'extensions' is no part of a core`);

  const take = (
    fields: unknown,
    extensions: Readonly<Record<string, Json>>,
    stamp: unknown,
  ): Readonly<Core> & RecordEnvelope => {
    const { metadata = {}, ...rest } = fields as Readonly<Record<string, unknown>>;
    const own = Object.fromEntries(Object.entries(rest).filter(([key]) => Object.hasOwn(core.shape, key)));
    return Object.freeze({
      ...checked(core, own, name),
      metadata: Object.freeze(checked(Metadata, metadata, name, "metadata")),
      engineVersion: checked(EngineVersion, stamp, name, "engineVersion"),
      extensions: Object.freeze({ ...extensions }),
    });
  };

  return {
    name,
    version,
    coreSchema: z.toJSONSchema(core, { io: "input", unrepresentable: "any" }) as Json,
    create(fields, engineVersion) {
      const { extensions = {}, ...own } = fields as Readonly<Record<string, unknown>> & {
        readonly extensions?: Readonly<Record<string, Json>>;
      };
      const unknown = Object.keys(own).find((key) => !known.has(key));
      if (unknown !== undefined) {
        throw new StratigraphError("VALIDATION_FAILED", `a ${name} record has no field '${unknown}'`, {
          expected: [...known].join(", "),
          hint: "What is new goes into metadata.",
        });
      }
      return take(own, extensions, engineVersion);
    },
    parse(written) {
      const all = checked(z.record(z.string(), z.unknown()), written, name);
      const extensions = Object.entries(all).filter(([key]) => !known.has(key) && key !== "extensions");
      // A record in memory has its extensions in one place, a written one has them on top: both are read.
      const kept = checked(z.record(z.string(), z.json()), all["extensions"] ?? {}, name, "extensions");
      return take(all, { ...kept, ...(Object.fromEntries(extensions) as Record<string, Json>) }, all["engineVersion"]);
    },
    write({ extensions, ...own }) {
      const plain = JSON.parse(JSON.stringify(own)) as Record<string, Json>;
      return { ...extensions, ...plain };
    },
  };
}

/** zod's first complaint as one of our sentences. */
function checked<T>(schema: z.ZodType<T>, value: unknown, name: string, at?: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = [...(at === undefined ? [] : [at]), ...issue.path.map(String)].join(".");
  throw new StratigraphError("VALIDATION_FAILED", `a ${name} record is not valid: ${issue.message}`, {
    where: path === "" ? undefined : path,
    cause: result.error,
  });
}
