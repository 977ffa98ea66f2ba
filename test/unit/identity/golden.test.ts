import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fingerprintAlgorithm, fingerprintBytes, fingerprintText } from "../../../src/identity/fingerprint.ts";
import { parseManifest, sealManifest } from "../../../src/identity/manifest.ts";
import { decodeKey, encodeKey } from "../../../src/identity/partition-key.ts";
import { schemaDescription } from "../../../src/identity/schema.ts";
import { describeVersion } from "../../../src/identity/version.ts";
import { canonicalText, parseCanonical } from "../../../src/util/canonical.ts";
import { createDigest } from "../../../src/util/digest.ts";
import { corpusFingerprints, dimensionsOf, golden, goldenFolder, goldenText, valueOf, versionOf } from "./corpus.ts";

const run = promisify(execFile);
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 7) % 251);

describe("fingerprints agree with an independent program", () => {
  it("which prints the pinned file to the byte", async (context) => {
    const program = fileURLToPath(new URL("fingerprints.py", goldenFolder));
    const printed = await run("python3", [program], { maxBuffer: 2 ** 24 }).catch(
      (error: unknown) => error as NodeJS.ErrnoException,
    );
    if ("code" in printed && printed.code === "ENOENT") {
      console.log("not run: python3 is not installed");
      return context.skip("python3 is not installed");
    }
    expect(printed).toMatchObject({ stderr: "" });
    expect((printed as { stdout: string }).stdout).toBe(goldenText);
  });

  it("in the algorithm's name", () => {
    expect(fingerprintAlgorithm).toBe(golden.algorithm);
  });

  it("in XXH64 itself, against published values", () => {
    expect(golden.published.length).toBeGreaterThan(5);
    for (const { hex, xxh64 } of golden.published)
      expect(fingerprintBytes(Buffer.from(hex, "hex")).slice(0, 16)).toBe(xxh64);
    expect(fingerprintText("").slice(0, 16)).toBe("ef46db3751d8e999");
  });

  it("for bytes of every length around a border, at once and streamed, with their SHA-256", () => {
    for (const { length, fingerprint, sha256 } of golden.bytes) {
      const bytes = pattern(length);
      const digest = createDigest({ sha256: true });
      for (let start = 0; start < length; start += 10_007) digest.update(bytes.subarray(start, start + 10_007));

      expect(fingerprintBytes(bytes), `${length} bytes`).toBe(fingerprint);
      expect(digest.finish()).toEqual({ hash: fingerprint, size: length, sha256 });
    }
  });

  it.each(golden.values)("for the value $value", ({ value, text, fingerprint }) => {
    expect(canonicalText(valueOf(value))).toBe(text);
    expect(fingerprintText(text)).toBe(fingerprint);
    expect(parseCanonical(text)).toStrictEqual(valueOf(value));
  });

  it.each(golden.manifests)("for the manifest $text", ({ kind, format, parts, text, fingerprint }) => {
    const manifest = { kind, format, parts: valueOf(parts) as Record<string, unknown> };

    expect(sealManifest(manifest)).toEqual({ fingerprint, text });
    expect(parseManifest(text)).toStrictEqual(manifest);
  });

  it.each(golden.keys)("for the key $text", ({ dimensions, key, text, fingerprint }) => {
    const declared = dimensionsOf(dimensions);

    expect(encodeKey(declared, key)).toBe(text);
    expect(decodeKey(declared, text)).toEqual(key);
    expect(fingerprintText(text)).toBe(fingerprint);
  });

  it.each(golden.versions)("for the version $kind $value", ({ kind, value, counts, fingerprint }) => {
    expect(describeVersion(versionOf(kind, value))).toEqual({ kind, counts, text: value });
    expect(fingerprintText(counts)).toBe(fingerprint);
  });

  const Tree: z.ZodType = z.object({
    name: z.string(),
    get children() {
      return z.array(Tree);
    },
  });
  const schemas: Readonly<Record<string, z.ZodType>> = {
    number: z.number(),
    string: z.string(),
    transactions: z.array(z.object({ id: z.int(), date: z.iso.date(), amount: z.number() })),
    optional: z.object({ a: z.string().optional(), b: z.number() }),
    date: z.date(),
    map: z.map(z.string(), z.bigint()),
    tree: Tree,
    enum: z.enum(["us", "eu"]),
    nullable: z.string().max(3).nullable(),
  };

  it.each(Object.entries(golden.schemas))("for the schema %s", (name, { json, fingerprint }) => {
    const description = schemaDescription(schemas[name]!);

    expect(description.json).toEqual(json);
    expect(description.fingerprint).toBe(fingerprint);
  });

  it("and no two of the corpus are the same", () => {
    const all = [
      ...golden.values,
      ...golden.manifests,
      ...Object.values(golden.schemas),
      ...golden.versions,
      ...golden.keys,
    ];
    const known = new Set(all.map(({ fingerprint }) => fingerprint));

    // Those that count the same on purpose: 1.0.0, 1.2.3 and 1.0.0+linux, and one moment written twice.
    expect(all.length - known.size).toBe(3);
  });
});

describe("fingerprints are the same in another process", () => {
  const jiti = join(dirname(createRequire(import.meta.url).resolve("jiti/package.json")), "lib/jiti-cli.mjs");
  const corpus = fileURLToPath(new URL("corpus.ts", import.meta.url));
  const expected = corpusFingerprints();

  it.each([
    { TZ: "Pacific/Kiritimati", LANG: "C", LC_ALL: "C" },
    { TZ: "America/St_Johns", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" },
    { TZ: "Asia/Kathmandu", LANG: "de_DE.ISO-8859-1", LC_ALL: "" },
  ])("with $TZ and $LANG", async (environment) => {
    const { stdout } = await run(process.execPath, [jiti, corpus, "--print-corpus"], {
      env: { ...process.env, ...environment },
    });

    expect(JSON.parse(stdout)).toEqual(expected);
  });

  it("where they are those of the pinned file", () => {
    const pinned = [...golden.values, ...golden.manifests, ...golden.keys].map(({ fingerprint }) => fingerprint);

    expect(expected).toEqual(pinned);
  });
});
