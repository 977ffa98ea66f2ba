// A random forest that tells penguins apart, by the package ml-random-forest. The same seed and birds grow the same forest.

import { RandomForestClassifier } from "ml-random-forest";
import { z } from "zod";

/** What is stored: JSON, so that any version of any program can look at it. */
export const Forest = z.object({ species: z.array(z.string()), model: z.json() });
export type Forest = z.output<typeof Forest>;

interface Bird {
  readonly species: string;
  readonly features: number[];
}

export function train(birds: readonly Bird[], { trees, seed }: { trees: number; seed: number }): Forest {
  const species = [...new Set(birds.map((bird) => bird.species))].sort();
  const forest = new RandomForestClassifier({
    nEstimators: trees,
    seed,
    maxFeatures: 0.8,
    replacement: true,
    noOOB: true,
  });
  forest.train(
    birds.map(({ features }) => features),
    birds.map((bird) => species.indexOf(bird.species)),
  );
  return { species, model: JSON.parse(JSON.stringify(forest)) };
}

export function predict({ species, model }: Forest, birds: readonly Pick<Bird, "features">[]): string[] {
  const guesses = RandomForestClassifier.load(model).predict(birds.map(({ features }) => features));
  return guesses.map((guess) => species[guess]!);
}
