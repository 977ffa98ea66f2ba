import { describe, expect, it } from "vitest";
import {
  fingerprintBytes,
  fingerprintText,
  isFingerprint,
  parseFingerprint,
} from "../../../src/identity/fingerprint.ts";

describe("a fingerprint", () => {
  it("is 32 lower-case hex characters and nothing else", () => {
    const fingerprint = fingerprintText("x");

    expect(isFingerprint(fingerprint)).toBe(true);
    expect(parseFingerprint(fingerprint)).toBe(fingerprint);
    for (const text of [
      "",
      fingerprint.slice(1),
      `${fingerprint}0`,
      fingerprint.toUpperCase(),
      `${fingerprint}\n`,
      "g".repeat(32),
      5,
      undefined,
    ]) {
      expect(isFingerprint(text)).toBe(false);
      expect(() => parseFingerprint(text as string)).toThrow(expect.objectContaining({ code: "FINGERPRINT_INVALID" }));
    }
  });

  it("of a text is that of its UTF-8 bytes", () => {
    expect(fingerprintText("Zürich")).toBe(fingerprintBytes(Buffer.from("Zürich")));
  });

  it("tells 100,000 neighbouring texts apart, in each lane", () => {
    const all = Array.from({ length: 100_000 }, (_, index) => fingerprintText(`date=${index}`));

    expect(new Set(all.map((fingerprint) => fingerprint.slice(0, 16))).size).toBe(100_000);
    expect(new Set(all.map((fingerprint) => fingerprint.slice(16))).size).toBe(100_000);
  });
});
