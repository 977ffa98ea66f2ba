// What we use of the package, whose own declarations the compiler does not find.

declare module "ml-random-forest" {
  export class RandomForestClassifier {
    constructor(options: {
      nEstimators: number;
      seed: number;
      maxFeatures: number;
      replacement: boolean;
      noOOB: boolean;
    });
    static load(model: unknown): RandomForestClassifier;
    train(features: number[][], labels: number[]): void;
    predict(features: number[][]): number[];
  }
}
