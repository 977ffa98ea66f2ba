import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { counters } from "../../../src/util/counters.ts";
import { createDigest, hashBytes, hashText } from "../../../src/util/digest.ts";
import { fc } from "../../support/random.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function streamed(bytes: Uint8Array, cuts: readonly number[]): ReturnType<ReturnType<typeof createDigest>["finish"]> {
  const digest = createDigest({ sha256: true });
  let start = 0;
  for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
    digest.update(bytes.subarray(start, cut));
    start = cut;
  }
  return digest.finish();
}

describe("a digest", () => {
  it("is the same however the bytes arrive, and agrees with node's SHA-256", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(300), { maxLength: 6 }), (bytes, cuts) => {
        const inside = cuts.filter((cut) => cut <= bytes.length);

        expect(streamed(bytes, inside)).toEqual({ hash: hashBytes(bytes), size: bytes.length, sha256: sha256(bytes) });
      }),
      { numRuns: 1000 },
    );
  });

  it("takes the bytes before they are overwritten", () => {
    const buffer = new Uint8Array([1, 2, 3]);
    const digest = createDigest();
    digest.update(buffer);
    buffer.fill(0);

    expect(digest.finish().hash).toBe(hashBytes(new Uint8Array([1, 2, 3])));
  });

  it("takes a SHA-256 only when asked", () => {
    expect(createDigest().finish().sha256).toBeUndefined();
    expect(createDigest({ sha256: true }).finish().sha256).toBe(sha256(new Uint8Array()));
  });

  it("of one stream is not disturbed by another or by a one-shot in between", () => {
    const [a, b] = [createDigest(), createDigest()];
    const [left, right] = [new Uint8Array(1000).fill(1), new Uint8Array(1000).fill(2)];
    a.update(left);
    b.update(right);
    hashText("in between");
    a.update(left);
    b.update(right);

    expect(a.finish().hash).toBe(hashBytes(new Uint8Array(2000).fill(1)));
    expect(b.finish().hash).toBe(hashBytes(new Uint8Array(2000).fill(2)));
  });

  it("keeps its leading zeros: 32 hex characters always", () => {
    for (let n = 0; n < 5000; n++) expect(hashText(`value ${n}`)).toMatch(/^[0-9a-f]{32}$/);
  });

  it("of a text is that of its UTF-8 bytes, short or longer than the buffers it goes through", () => {
    const unit = "a\u00e9\u6771\u{1f600}"; // 1, 2, 3 and 4 bytes: every cut through it falls somewhere else
    for (const count of [0, 1, 300, 2000, 60_000, 400_000]) {
      const text = unit.repeat(count);
      expect(hashText(text)).toBe(hashBytes(new TextEncoder().encode(text)));
      expect(hashText(`x${text}`)).toBe(hashBytes(new TextEncoder().encode(`x${text}`)));
    }
  });

  it("refuses half a surrogate pair, which would become another character", () => {
    expect(() => hashText("a\ud800")).toThrow(expect.objectContaining({ code: "VALUE_NOT_ENCODABLE" }));
  });

  it("of a gigabyte takes no memory that grows with it", () => {
    const piece = new Uint8Array(32 * 1024 * 1024);
    const digest = createDigest();
    digest.update(piece);
    const before = process.memoryUsage().rss;
    for (let n = 0; n < 31; n++) digest.update(piece);

    expect(digest.finish().size).toBe(2 ** 30);
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
  });

  it("of many bytes at once takes none for good: WebAssembly memory would never be given back", () => {
    const bytes = new Uint8Array(256 * 1024 * 1024).fill(1);
    const text = "\u6771".repeat(100_000_000);
    hashText(text.slice(0, 1_000_000)); // flattens the text, which doubles it
    const before = process.memoryUsage().rss;
    hashBytes(bytes);
    hashText(text);

    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it("counts the bytes it hashed", () => {
    const before = counters.bytesHashed;
    hashText("é");
    hashBytes(new Uint8Array(5 * 1024 * 1024));
    createDigest().update(new Uint8Array(7));

    expect(counters.bytesHashed - before).toBe(2 + 5 * 1024 * 1024 + 7);
  });
});
