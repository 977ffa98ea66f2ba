// Two versions' metrics side by side.

export interface MetricPair {
  readonly a: number | null;
  readonly b: number | null;
  /** b - a, rounded to 6 decimals; `null` where either is missing. */
  readonly delta: number | null;
}

export type MetricComparison = Readonly<Record<string, MetricPair>>;

/** Every metric either of them has, in order of name. */
export function compareMetrics(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): MetricComparison {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return Object.fromEntries(
    names.map((name) => {
      const [left, right] = [numberIn(a, name), numberIn(b, name)];
      const delta = left === null || right === null ? null : roundedDifference(left, right);
      return [name, { a: left, b: right, delta }];
    }),
  );
}

/** Metrics of which less is better, by the words in their names. */
export function isLowerBetter(metric: string): boolean {
  return /(^|[_\-. ])(loss|error|rmse|mse|mae|mape|logloss|log_loss|brier|perplexity|latency|duration|time|cost)([_\-. ]|$)/i.test(
    metric,
  );
}

/** 0.93 - 0.91 is 0.020000000000000018 in binary, and 0.02 to everybody else. */
function roundedDifference(a: number, b: number): number {
  const difference = b - a;
  const rounded = Math.round(difference * 1e6) / 1e6;
  const result = Number.isFinite(rounded) ? rounded : difference;
  return result === 0 ? 0 : result;
}

function numberIn(metrics: Readonly<Record<string, number>>, name: string): number | null {
  const value: unknown = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
