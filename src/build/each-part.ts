// Goes through what a producer with a fan-out returns, in whichever thread that is: one partition is taken before the next is asked for.

/** How it came to its end. */
export type PartsEnd = "taken" | "refused" | "no parts";

/** `take`: false for a partition that is refused; no other is asked for then. */
export async function eachPart(
  given: unknown,
  signal: AbortSignal,
  take: (part: unknown) => Promise<boolean>,
): Promise<PartsEnd> {
  const iterator = iteratorOf(given);
  if (iterator === undefined) return "no parts";
  let isDone = false;
  try {
    for (;;) {
      const next = await iterator.next();
      signal.throwIfAborted();
      isDone = next.done === true;
      if (isDone) return "taken";
      if (!(await take(next.value))) return "refused";
    }
  } finally {
    // A producer that nobody listens to any more may close what it has open; what it says then changes nothing.
    if (!isDone) void (async () => iterator.return?.())().catch(() => {});
  }
}

type PartIterator = Pick<AsyncIterator<unknown>, "next" | "return"> | Pick<Iterator<unknown>, "next" | "return">;

function iteratorOf(given: unknown): PartIterator | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  if (Symbol.asyncIterator in given) return (given as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  return Symbol.iterator in given ? (given as Iterable<unknown>)[Symbol.iterator]() : undefined;
}
