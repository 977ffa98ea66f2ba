// Penguins by island: which islands there are says the table, not the program.

import { z } from "zod";
import { all, artifact, csv, fanOut, graph, local, producer, strings } from "stratigraph";

const Penguin = z.object({ species: z.string(), island: z.string(), mass: z.coerce.number() });

const Penguins = artifact({ schema: z.array(Penguin), format: csv() });
const OnIsland = artifact({ schema: z.array(Penguin), partitionBy: { island: strings() } });
const Mass = artifact({ schema: z.number(), partitionBy: { island: strings() } });
const Ranking = artifact({ schema: z.array(z.string()) });

// One step, as many partitions as there are islands: all of them are stored, or none.
const split = producer({
  name: "split",
  version: "1.0.0",
  inputs: { penguins: Penguins },
  output: fanOut(OnIsland, "island"),
  *build({ penguins }) {
    for (const island of new Set(penguins.map((penguin) => penguin.island)))
      yield { key: { island }, value: penguins.filter((penguin) => penguin.island === island) };
  },
});

// From here on nothing is special: one step for each island.
const weigh = producer({
  name: "weigh",
  version: "1.0.0",
  inputs: { penguins: OnIsland },
  output: Mass,
  build: ({ penguins }) => Math.round(penguins.reduce((sum, { mass }) => sum + mass, 0) / penguins.length),
});
const rank = producer({
  name: "rank",
  version: "1.0.0",
  inputs: { masses: all(Mass) },
  output: Ranking,
  build: ({ masses }) =>
    [...masses].sort((a, b) => b.value - a.value).map(({ key, value }) => `${key.island}: ${value} g`),
});

export const islands = graph("islands", () => {
  const penguins = Penguins.from(local("data/penguins.csv"));
  const onIsland = split({ penguins });
  const mass = weigh({ penguins: onIsland });
  return { penguins, onIsland, mass, ranking: rank({ masses: mass }) };
});
