// Money in whole cents, so that sums come out exact.

export function toCents(amount: number): number {
  return Math.round(amount * 100);
}

export function toText(cents: number): string {
  return (cents / 100).toFixed(2);
}
