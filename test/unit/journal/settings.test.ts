// What the environment says about the writer.

import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writerSettings } from "../../../src/journal/settings.ts";

describe("the writer's settings", () => {
  it("are a thousand records, thirty seconds and ~/.strata unless told", () => {
    expect(writerSettings({})).toEqual({
      queueSize: 1000,
      flushTimeout: 30_000,
      writeTimeout: 30_000,
      home: join(homedir(), ".strata"),
    });
  });

  it("come from the environment, times in seconds", () => {
    expect(
      writerSettings({
        STRATA_METADATA_QUEUE_SIZE: "3",
        STRATA_METADATA_FLUSH_TIMEOUT: "1.5",
        STRATA_METADATA_WRITE_TIMEOUT: "2",
        STRATA_HOME: "/var/lib/strata",
      }),
    ).toEqual({ queueSize: 3, flushTimeout: 1500, writeTimeout: 2000, home: "/var/lib/strata" });
  });

  it("that make no sense are an error and never the default", () => {
    for (const [name, value] of [
      ["STRATA_METADATA_QUEUE_SIZE", "many"],
      ["STRATA_METADATA_QUEUE_SIZE", "0"],
      ["STRATA_METADATA_QUEUE_SIZE", "1.5"],
      ["STRATA_METADATA_QUEUE_SIZE", "-5"],
      ["STRATA_METADATA_FLUSH_TIMEOUT", "soon"],
      ["STRATA_METADATA_WRITE_TIMEOUT", "0"],
    ] as const) {
      expect(() => writerSettings({ [name]: value })).toThrow(
        expect.objectContaining({ code: "CONFIG_INVALID", where: name }),
      );
    }
  });
});
