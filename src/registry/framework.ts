// What models are made with: known names in one spelling, and any other.

export const knownFrameworks = [
  "sklearn",
  "xgboost",
  "lightgbm",
  "catboost",
  "pytorch",
  "tensorflow",
  "keras",
  "jax",
  "onnx",
  "mxnet",
  "spark-mllib",
  "mljs",
  "custom",
] as const;
export type KnownFramework = (typeof knownFrameworks)[number];
/** A known name, or any other text. */
export type Framework = KnownFramework | (string & {});

/** What is known beside the frameworks' own forms. */
export const plainArtifactTypes = ["json", "pickle", "joblib", "file", "folder"] as const;
export type KnownArtifactType = KnownFramework | (typeof plainArtifactTypes)[number];
export type ArtifactType = KnownArtifactType | (string & {});
export const knownArtifactTypes: readonly string[] = [...knownFrameworks, ...plainArtifactTypes];

const OTHER_SPELLINGS: Readonly<Record<string, KnownFramework>> = {
  "scikit-learn": "sklearn",
  scikitlearn: "sklearn",
  scikit_learn: "sklearn",
  xgb: "xgboost",
  lgbm: "lightgbm",
  lgb: "lightgbm",
  torch: "pytorch",
  tf: "tensorflow",
  spark: "spark-mllib",
  spark_mllib: "spark-mllib",
  mllib: "spark-mllib",
  pyspark: "spark-mllib",
  ml: "mljs",
};

/** The spelling that is kept: known names and their variants whatever their case, everything else as it is. */
export function spelledFramework(text: string, known: readonly string[]): string {
  const low = text.trim().toLowerCase();
  const spelled = Object.hasOwn(OTHER_SPELLINGS, low) ? OTHER_SPELLINGS[low]! : low;
  return known.includes(spelled) ? spelled : text.trim();
}
