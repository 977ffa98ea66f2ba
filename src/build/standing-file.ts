// Standings on disk, one file for each graph: so that a new process too sees by stats alone that there is nothing to do.

import { readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { crc32 } from "node:zlib";
import { isLocalFiles } from "../data/storage/local.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import { fingerprintText, type Fingerprint } from "../identity/fingerprint.ts";
import { writeCacheFile } from "../util/durable-file.ts";
import type { Standing } from "./standing.ts";

/** A standing with the answer it stands for. */
export interface KeptStanding {
  readonly standing: Standing;
  readonly snapshot: Fingerprint;
  /** How many partitions each source has, in the graph's order; then how many each call makes, in order of the calls. */
  readonly counts: Uint32Array;
  /** The keys of what the calls make, one call's after the other's. */
  readonly partitions: readonly string[];
}

/** Where relative templates start from, and which backend. */
export interface StandingPlace {
  readonly root: string;
  readonly home: string;
  readonly kind: string;
}

/**
 * All that the answer depends on and that has no stamp, as one fingerprint: the place, this program, and the graph with what its fingerprint
 * leaves out: the places of its sources, the order of its calls, and whether a slot stands for the value itself.
 * `undefined` where something may answer differently in another process although it looks the same.
 */
export function standingKey(graph: GraphDefinition, { root, home, kind }: StandingPlace): Fingerprint | undefined {
  let text = `${JSON.stringify([FORMAT, programVersion(), process.version, process.platform, kind, root, home, graph.name])}\n${graph.fingerprint}`;
  for (const node of graph.nodes.values()) {
    if (node.kind === "source") {
      // Of other storages nobody knows what there is to them besides their template.
      if (!isLocalFiles(node.storage)) return undefined;
      const { template } = node.storage;
      text += `\n${node.key} ${template.length} ${template}`;
    } else if (node.artifact.storage !== undefined && !isLocalFiles(node.artifact.storage)) return undefined;
  }
  for (const { producer, inputs, outputs } of graph.calls) {
    for (const { spec } of inputs) if (spec.edge.kind === "map") return undefined;
    text += `\n${outputs[0]!.node.key}${producer.single ? "" : " of several"}`;
  }
  return fingerprintText(text);
}

/** What was kept under this key, where the backend's stamp is still the same. Anything that is not exactly what was written is nothing. */
export function readStanding(place: StandingPlace, graph: GraphDefinition, backend: string): KeptStanding | undefined {
  const file = fileOf(place, graph.name);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  const parts = decode(bytes);
  // The key is made last: it is dear where the graph is large.
  if (parts === undefined || parts.head.backend !== backend) return undefined;
  return parts.head.key === standingKey(graph, place) ? keptFrom(parts) : undefined;
}

/** A cache and no more: where it cannot be written, the next process looks at everything again. */
export function writeStanding(place: StandingPlace, graph: GraphDefinition, kept: KeptStanding): boolean {
  const key = standingKey(graph, place);
  return key !== undefined && writeCacheFile(fileOf(place, graph.name), encode(key, kept));
}

function fileOf({ root, home }: StandingPlace, graph: string): string {
  // Two graphs may share a home, and so may two roots.
  return join(home, "cache", `standing-${fingerprintText(JSON.stringify([graph, root])).slice(0, 16)}.bin`);
}

let version: string | undefined;

function programVersion(): string {
  return (version ??= readVersion());
}

function readVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

// ---------------------------------------------------------------------------------------------------------------------

// The file: a header of seven 32-bit words (magic number, checksum of all the rest, then the bytes or members of each part that follows);
// stamps as doubles, counts as 32-bit words, a head as JSON, paths and keys with NUL between them. Numbers are in the machine's own order:
// a machine of the other kind finds the magic number wrong.
const MAGIC = 0x53_54_53_31; // "STS1"
/** Raised whenever the same graph, sources and rows may mean another answer. */
const FORMAT = 1;
const HEADER = 32;

interface Head {
  readonly key: string;
  readonly backend: string;
  readonly snapshot: string;
  readonly watched: number;
}

interface Parts {
  readonly head: Head;
  readonly stamps: Float64Array;
  readonly counts: Uint32Array;
  readonly paths: Buffer;
  readonly partitions: Buffer;
}

function encode(key: Fingerprint, { standing, snapshot, counts, partitions }: KeptStanding): Uint8Array {
  const { backend, watched, stamps, paths } = standing;
  const head = Buffer.from(JSON.stringify({ key, backend, snapshot, watched } satisfies Head));
  const pathBytes = Buffer.from(packPaths(paths));
  const keyBytes = Buffer.from(partitions.join("\0"));
  const sizes = [stamps.length, counts.length, head.length, pathBytes.length, keyBytes.length, paths.length];
  const header = new Uint32Array([MAGIC, 0, ...sizes]);
  const body = Buffer.concat([bytesOf(stamps), bytesOf(counts), head, pathBytes, keyBytes]);
  header[1] = checksum(header, body);
  return Buffer.concat([bytesOf(header), body]);
}

function decode(file: Buffer): Parts | undefined {
  if (file.length < HEADER) return undefined;
  // A file's buffer may start anywhere, and doubles need a start of their own kind.
  const bytes = file.byteOffset % 8 === 0 ? file : Buffer.from(new Uint8Array(file).buffer);
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER / 4);
  const [magic, expected, stampCount = 0, countCount = 0, headLength = 0, pathLength = 0, keyLength = 0] = header;
  const body = bytes.subarray(HEADER);
  const length = stampCount * 8 + countCount * 4 + headLength + pathLength + keyLength;
  if (magic !== MAGIC || length !== body.length || expected !== checksum(header, body)) return undefined;
  let at = bytes.byteOffset + HEADER;
  const stamps = new Float64Array(bytes.buffer, at, stampCount);
  const counts = new Uint32Array(bytes.buffer, (at += stampCount * 8), countCount);
  const rest = body.subarray(stampCount * 8 + countCount * 4);
  at = headLength + pathLength;
  const head = JSON.parse(rest.toString("utf8", 0, headLength)) as Head;
  return { head, stamps, counts, paths: rest.subarray(headLength, at), partitions: rest.subarray(at) };
}

function keptFrom({ head, stamps, counts, paths, partitions }: Parts): KeptStanding {
  const { backend, watched, snapshot } = head;
  const standing = { backend, watched, stamps, paths: unpackPaths(paths.toString()) };
  return { standing, snapshot: snapshot as Fingerprint, counts, partitions: partitions.toString().split("\0") };
}

/** Neighbours mostly lie in one folder, which is then not said again. */
function packPaths(paths: readonly string[]): string {
  let folder = "";
  return paths
    .map((path) => {
      const end = path.lastIndexOf(sep) + 1;
      if (end > 0 && path.slice(0, end) === folder) return path.slice(end);
      folder = path.slice(0, end);
      return path;
    })
    .join("\0");
}

function unpackPaths(text: string): readonly string[] {
  let folder = "";
  return text.split("\0").map((name) => {
    const end = name.lastIndexOf(sep) + 1;
    if (end === 0) return folder + name;
    folder = name.slice(0, end);
    return name;
  });
}

function checksum(header: Uint32Array, body: Uint8Array): number {
  return crc32(body, crc32(bytesOf(header.subarray(2))));
}

function bytesOf(numbers: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
