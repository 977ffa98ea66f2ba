// A backend from a URL.

import { describe, expect, it } from "vitest";
import { memory } from "../../../src/backend/memory/memory-backend.ts";
import { resolveBackend } from "../../../src/plugins/backend-url.ts";
import { Folder } from "../../support/folder.ts";

describe("a URL", () => {
  it("names the backends there are", async () => {
    using folder = new Folder();
    const kindAndHome = async (text: string): Promise<unknown> => {
      const { kind, home } = await resolveBackend(text, { root: folder.path });
      return [kind, home?.replace(folder.path, "")];
    };

    expect(await kindAndHome("memory:")).toEqual(["memory", undefined]);
    expect(await kindAndHome("sqlite:data/a.db")).toEqual(["sqlite", "/data"]);
    expect(await kindAndHome(`sqlite:${folder.path}/x/a.db`)).toEqual(["sqlite", "/x"]);
    expect(await kindAndHome(`sqlite://${folder.path}/x/a.db`)).toEqual(["sqlite", "/x"]);
    expect(await kindAndHome("sqlite:")).toEqual(["sqlite", "/.strata"]);
    expect(await kindAndHome("SQLITE")).toEqual(["sqlite", "/.strata"]);
    expect(await kindAndHome("file:state")).toEqual(["sqlite", "/state"]);
  });

  it("opens what it names", async () => {
    using folder = new Folder();
    await using connection = await (await resolveBackend("sqlite:a.db", { root: folder.path })).connect();
    await connection.writeManifests([]);

    expect(folder.files()).toContain("a.db");
  });

  it("of a plugin is handed to it whole", async () => {
    const seen: unknown[] = [];
    const plugins = [
      {
        backends: {
          acme: (context: unknown) => {
            seen.push(context);
            return memory();
          },
        },
      },
    ];
    await resolveBackend("acme://ana:secret@host/db", { root: "/project", plugins });

    expect(seen).toEqual([{ root: "/project", home: "/project/.strata", url: "acme://ana:secret@host/db" }]);
  });

  it("nobody knows is refused with the list of those that are known, and without its password", async () => {
    using folder = new Folder();
    const error: unknown = await resolveBackend("postgers://ana:hunter2@host/db", { root: folder.path }).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toMatchObject({ code: "PLUGIN_NOT_FOUND", expected: "'file', 'memory', 'sqlite'" });
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });
});
