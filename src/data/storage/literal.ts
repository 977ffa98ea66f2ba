// Values that stand in the program, and produced values that the backend keeps in its own tables.

import { StratigraphError } from "../../errors.ts";
import type { Dimensions } from "../../identity/dimension.ts";
import { decodeKey, encodeKey, type KeyText } from "../../identity/partition-key.ts";
import { escapeName } from "../../util/file-name.ts";
import { contentOf } from "../io.ts";
import { partitionText } from "./locate.ts";
import type { DiscoveredPartition, Storage } from "./storage.ts";

/** One partition of a literal source: its key, and its value as the schema's written form. */
export interface LiteralPartition {
  readonly key: Readonly<Record<string, string | number>>;
  readonly value: unknown;
}

interface LiteralDeclarer {
  /**
   * `literal(value)`: a source with one value, in the schema's written form, encoded in the artifact's format.
   * `literal()`: produced values that the backend keeps itself, for small ones or where there is no folder.
   */
  (...value: readonly [] | readonly [value: unknown]): Storage;
  /** A partitioned source: `literal.partitions([{ key: { date: "2026-01-02" }, value: 3 }])`. */
  partitions(partitions: readonly LiteralPartition[]): Storage;
}

export const literal: LiteralDeclarer = Object.assign(declareLiteral, { partitions: declarePartitions });

function declareLiteral(...value: readonly [] | readonly [value: unknown]): Storage {
  return value.length === 0 ? kept : source([{ key: {}, value: value[0] }], false);
}

function declarePartitions(partitions: readonly LiteralPartition[]): Storage {
  return source([...partitions], true);
}

/** The bytes of literals are in `PartitionRecord.value`, so there is nothing to read, write or look for here. */
const inBackend = {
  kind: "literal",
  template: "",
  read: (location: string) =>
    Promise.reject(
      new StratigraphError("DATA_MISSING", "the backend no longer holds the value", {
        where: location,
        hint: "Build again: what is missing is made anew.",
      }),
    ),
  settle: () => Promise.resolve(),
  look: () => "present",
  remove: () => Promise.resolve(),
} satisfies Partial<Storage>;

const kept: Storage = Object.freeze({
  ...inBackend,
  check(_dimensions, role) {
    if (role === "source") throw refused("literal() has no value to be a source", "Give it one: literal(42).");
  },
  resolve: () => kept,
  discover: () => Promise.resolve({ partitions: [], strays: [], strayCount: 0 }),
  locate: ({ artifactKey, dimensions, key, input, attempt }) =>
    [escapeName(artifactKey), partitionText(dimensions, key), `${input}-${attempt}`]
      .filter((part) => part !== "")
      .join("/"),
  write: () => Promise.resolve(),
} satisfies Storage);

function source(partitions: readonly LiteralPartition[], partitioned: boolean): Storage {
  const storage: Storage = {
    ...inBackend,
    check(dimensions, role) {
      if (role === "produced")
        throw refused("literal(value) has a value already, so nothing can be produced into it", "Write literal().");
      checkKeys(dimensions, partitions, partitioned);
    },
    resolve: () => storage,
    discover: async (dimensions, context, encode) => {
      if (encode === undefined) throw new Error("literal values need the artifact's format");
      const found: DiscoveredPartition[] = [];
      for (const { key, value } of partitions) {
        const keyText = encodeKey(dimensions, key);
        const bytes = await encode(value);
        const content = contentOf(bytes, { sha256: context.sha256 });
        found.push({ key: decodeKey(dimensions, keyText), keyText, location: "literal", content, value: bytes });
      }
      found.sort((a, b) => (a.keyText < b.keyText ? -1 : 1));
      return { partitions: found, strays: [], strayCount: 0 };
    },
    locate: () => {
      throw new Error("nothing is produced into literal(value)");
    },
    write: () => Promise.reject(new Error("nothing is produced into literal(value)")),
  };
  return Object.freeze(storage);
}

function checkKeys(dimensions: Dimensions, partitions: readonly LiteralPartition[], partitioned: boolean): void {
  const names = Object.keys(dimensions);
  if (!partitioned && names.length > 0) {
    const example = names.map((name) => `${name}: …`).join(", ");
    throw new StratigraphError(
      "PARTITION_KEY_INVALID",
      `literal(value) is one value, and the artifact is partitioned by ${names.join(", ")}`,
      {
        hint: `Write literal.partitions([{ key: { ${example} }, value: … }]).`,
      },
    );
  }
  const seen = new Set<KeyText>();
  for (const { key } of partitions) {
    const text = encodeKey(dimensions, key);
    if (seen.has(text))
      throw new StratigraphError("PARTITION_AMBIGUOUS", "a literal has two values for one partition", { where: text });
    seen.add(text);
  }
}

function refused(what: string, hint: string): StratigraphError {
  return new StratigraphError("TEMPLATE_INVALID", what, { hint });
}
