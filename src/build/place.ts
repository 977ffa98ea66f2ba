// How people name a partition.

/** "days[date=2026-01-02]", or "total" where unpartitioned. */
export function placeText(key: string, partition: string): string {
  return partition === "" ? key : `${key}[${partition}]`;
}
