// The penguins graph: from raw measurements to a trained forest, and what it scores on birds it has never seen.

import { z } from "zod";
import { artifact, graph, local, producer } from "stratigraph";
import { Forest, predict, train } from "./forest.ts";

// What there is.

const Measured = z.object({
  Species: z.string(),
  Island: z.string(),
  "Beak Length (mm)": z.number().nullable(),
  "Beak Depth (mm)": z.number().nullable(),
  "Flipper Length (mm)": z.number().nullable(),
  "Body Mass (g)": z.number().nullable(),
  Sex: z.string().nullable(),
});
const Bird = z.object({ species: z.string(), features: z.array(z.number()) });

const Measurements = artifact({ schema: z.array(Measured), annotations: { origin: "Palmer Station LTER, CC0" } });
const Birds = artifact({ schema: z.array(Bird) });
const TrainedForest = artifact({ schema: Forest, description: "a random forest as JSON" });
const Scores = artifact({ schema: z.object({ accuracy: z.number(), worst_recall: z.number(), birds: z.int() }) });

// How it is made.

const split = producer({
  name: "split",
  version: "1.0.0",
  inputs: { measurements: Measurements },
  outputs: { train: Birds, test: Birds },
  build: ({ measurements }) => {
    const birds = measurements.flatMap(({ Species: species, ...row }) => {
      const features = [
        row["Beak Length (mm)"],
        row["Beak Depth (mm)"],
        row["Flipper Length (mm)"],
        row["Body Mass (g)"],
      ];
      return features.every((value) => value !== null) ? [{ species, features }] : []; // two birds got away
    });
    return { train: birds.filter((_, n) => n % 4 !== 0), test: birds.filter((_, n) => n % 4 === 0) };
  },
});

const trainForest = producer({
  name: "train-forest",
  version: "1.0.0",
  inputs: { birds: Birds },
  output: TrainedForest,
  build: ({ birds }) => train(birds, { trees: 25, seed: 3 }),
});

const evaluate = producer({
  name: "evaluate",
  version: "1.0.0",
  inputs: { forest: TrainedForest, birds: Birds },
  output: Scores,
  build: ({ forest, birds }) => {
    const guesses = predict(forest, birds);
    const right = birds.filter(({ species }, n) => guesses[n] === species);
    const recalls = forest.species.map((name) => count(right, name) / count(birds, name));
    return { accuracy: right.length / birds.length, worst_recall: Math.min(...recalls), birds: birds.length };
  },
});

// What it is called.

export const penguins = graph("penguins", () => {
  const measurements = Measurements.from(local("data/penguins.json"));
  const { train, test } = split({ measurements });
  const forest = trainForest({ birds: train });
  const scores = evaluate({ forest, birds: test });
  return { raw: { measurements }, split: { train, test }, forest, scores };
});

function count(birds: readonly z.output<typeof Bird>[], species: string): number {
  return birds.filter((bird) => bird.species === species).length;
}
