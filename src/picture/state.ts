// The states a picture shows an artifact and its partitions in, a sentence each.

/** Worst first: an artifact whose partitions differ is shown in the first of these that one of them has. */
export const pictureStates = {
  failed: "its last build failed, and there is no result since",
  "missing-source": "it is a source, and there is no data",
  blocked: "it cannot be built: a source that it needs has no data",
  "will-build": "a build would run its producer",
  "may-build": "it waits for a step above it, and is built only if that changes something",
  current: "it is up to date, or a source with data",
  declared: "nobody looked: the picture was asked for without a plan",
} as const;

export type PictureState = keyof typeof pictureStates;

export const pictureStateNames: readonly PictureState[] = Object.keys(pictureStates) as PictureState[];

/** As people read it. */
export function stateText(state: PictureState): string {
  return state.replace("-", " ");
}

/** The worst of some states; of none, `current`. */
export function worstState(states: Iterable<PictureState>): PictureState {
  const there = new Set(states);
  return pictureStateNames.find((state) => there.has(state)) ?? "current";
}
