// Partitions as data has them: with gaps, late, and by the clocks of a zone.

import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  artifact,
  daily,
  fanOut,
  graph,
  labelOf,
  latest,
  local,
  memory,
  producer,
  window,
} from "../../../src/index.ts";
import { Folder } from "../../support/folder.ts";

describe("a window over days of which some are missing", () => {
  function world() {
    const folder = new Folder();
    const made: string[] = [];
    const Day = artifact({ schema: z.number(), partitionBy: { date: daily() } });
    const smooth = producer({
      name: "smooth",
      version: "1",
      inputs: { day: Day, days: window(Day, 3) },
      output: Day,
      build: ({ days }, { key }) => {
        made.push(key.date);
        return days.reduce((sum, { value }) => sum + value, 0);
      },
    });
    const last = producer({
      name: "last",
      version: "1",
      inputs: { day: latest(Day) },
      output: artifact({ schema: z.number() }),
      build: ({ day }) => day,
    });
    const series = graph("series", () => {
      const days = Day.from(local("{date}.json"));
      return { days, smooth: smooth({ day: days, days }), last: last({ day: days }) };
    });
    const backend = memory();
    const build = async () => {
      made.length = 0;
      const snapshot = await series.build({ backend, root: folder.path });
      const values: Record<string, number> = {};
      for await (const key of snapshot.keys(series.artifacts.smooth))
        values[key.date] = await snapshot.read(series.artifacts.smooth, key);
      return { made: [...made].sort(), values, last: await snapshot.read(series.artifacts.last) };
    };
    return { folder, build };
  }

  it("sees the days that are there, and no others", async () => {
    const { folder, build } = world();
    using _ = folder;
    for (const day of ["01", "02", "05", "06"]) folder.write(`2026-01-${day}.json`, String(Number(day)));

    const { values } = await build();

    expect(values).toEqual({ "2026-01-01": 1, "2026-01-02": 3, "2026-01-05": 5, "2026-01-06": 11 });
  });

  it("builds again, for a day that comes late, just the windows that hold it", async () => {
    const { folder, build } = world();
    using _ = folder;
    for (const day of ["01", "02", "04", "05", "06", "09"]) folder.write(`2026-01-${day}.json`, String(Number(day)));
    await build();
    folder.write("2026-01-03.json", "3");

    const late = await build();

    expect(late.made).toEqual(["2026-01-03", "2026-01-04", "2026-01-05"]);
    expect(late.values["2026-01-05"]).toBe(12);
    expect(late.last).toBe(9);
    rmSync(folder.at("2026-01-03.json"));
    expect((await build()).made).toEqual([]); // as before it came, which is stored
  });
});

describe("events by the days of a zone", () => {
  it("go where the clocks there say, on days with 23 and 25 hours too", async () => {
    const zone = "Europe/Berlin";
    const days = daily({ zone });
    const Event = z.object({ at: z.string() });
    const Events = artifact({ schema: z.array(Event) });
    const ByDay = artifact({ schema: z.array(Event), partitionBy: { day: days } });
    const events = producer({
      name: "events",
      version: "1",
      inputs: {},
      output: Events,
      // Every half hour, over both changes of clocks.
      build: () =>
        ["2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z"].flatMap((start) =>
          Array.from({ length: 5 * 48 }, (_, i) => ({ at: new Date(Date.parse(start) + i * 1_800_000).toISOString() })),
        ),
    });
    const sort = producer({
      name: "sort",
      version: "1",
      inputs: { events: Events },
      output: fanOut(ByDay, "day"),
      *build({ events }) {
        const byDay = new Map<string, z.infer<typeof Event>[]>();
        for (const event of events) {
          const day = labelOf(days, new Date(event.at));
          byDay.set(day, [...(byDay.get(day) ?? []), event]);
        }
        for (const [day, value] of byDay) yield { key: { day }, value };
      },
    });
    const calendar = graph("calendar", () => ({ days: sort({ events: events() }) }));

    const snapshot = await calendar.build({ backend: memory() });

    const count = async (day: string) => (await snapshot.read(calendar.artifacts.days, { day })).length;
    expect(await count("2026-03-28")).toBe(48);
    expect(await count("2026-03-29")).toBe(46);
    expect(await count("2026-10-25")).toBe(50);
  });
});
