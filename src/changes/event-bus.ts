// The event bus: who wants to know what happens in this process, and what happened before.

import type { Connection, EventStore } from "../backend/backend.ts";
import type { EventRecord, NewEvent } from "../backend/fact-records.ts";
import type { RunId } from "../backend/records.ts";
import type { Clock } from "../util/clock.ts";
import { createId } from "../util/id.ts";
import { follow, type FollowOptions } from "./event-follow.ts";
import { EventStream } from "./event-stream.ts";
import { matches, type EventMap, type EventPattern, type EventType, type Matching } from "./event-types.ts";

/** An event as subscribers get it. `number` is `undefined` for those of this process alone, which are not stored. */
export type HappenedEvent<Type extends EventType = EventType> = {
  readonly [One in Type]: Omit<NewEvent, "type" | "data"> & {
    readonly type: One;
    readonly data: EventMap[One];
    readonly number: number | undefined;
  };
}[Type];

export type EventHandler<Type extends EventType = EventType> = (event: HappenedEvent<Type>) => unknown;

export interface SubscribeOptions<Type extends EventType = EventType> {
  /** Ends the subscription when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Only events it answers `true` for. */
  readonly filter?: ((event: HappenedEvent<Type>) => boolean) | undefined;
  /**
   * `sync`, unless told: called before the change that caused the event is answered. `async`: called later, one event at a time and in
   * order; a promise it answers is waited for before the next.
   */
  readonly mode?: "sync" | "async" | undefined;
}

export interface HistoryFilter {
  readonly type?: EventPattern | readonly EventPattern[] | undefined;
  readonly subject?: string | undefined;
  readonly run?: RunId | undefined;
  /** A time, or milliseconds since 1970; inclusive. */
  readonly since?: Date | number | undefined;
  /** 100 unless told, 10,000 at most. */
  readonly limit?: number | undefined;
}

export interface EventBusOptions {
  readonly connection: EventStore;
  readonly clock: Clock;
  readonly actor: string;
  /** Where a failing subscriber is complained about. */
  readonly warn: (sentence: string) => void;
}

interface Subscription {
  readonly name: string;
  readonly pattern: string;
  deliver(event: HappenedEvent): unknown;
}

/**
 * Subscribers hear of a change after it was committed, and of nothing that was rolled back. What one of them throws reaches neither the
 * others nor whoever made the change: it is counted in `failures`, warned about, and told as `listener.error`.
 */
export class EventBus {
  readonly #options: EventBusOptions;
  readonly #subscriptions = new Set<Subscription>();
  #failures = 0;

  constructor(options: EventBusOptions) {
    this.#options = options;
  }

  /** How often a subscriber threw or rejected. */
  get failures(): number {
    return this.#failures;
  }

  /** Calls `handler` for each event of a type, "model.*", or "*", from now on. Answers the function that ends it. */
  subscribe<const Pattern extends EventPattern>(
    pattern: Pattern,
    handler: EventHandler<Matching<Pattern>>,
    options: SubscribeOptions<Matching<Pattern>> = {},
  ): () => void {
    const { signal, filter, mode = "sync" } = options;
    // Only events that match the pattern are ever delivered, which the compiler cannot follow through the set of all subscriptions.
    const handle = handler as EventHandler;
    const wanted = filter as ((event: HappenedEvent) => boolean) | undefined;
    let last: Promise<unknown> = Promise.resolve();
    const subscription: Subscription = {
      name: handler.name === "" ? `subscriber of '${pattern}'` : handler.name,
      pattern,
      deliver: (event) => {
        if (wanted !== undefined && !wanted(event)) return undefined;
        if (mode === "sync") return handle(event);
        const turn = last.then(() => (this.#subscriptions.has(subscription) ? handle(event) : undefined));
        last = turn.catch(() => undefined);
        return turn;
      },
    };
    const end = (): void => {
      this.#subscriptions.delete(subscription);
      signal?.removeEventListener("abort", end);
    };
    if (signal?.aborted === true) return end;
    this.#subscriptions.add(subscription);
    signal?.addEventListener("abort", end, { once: true });
    return end;
  }

  /**
   * The same as an async iterable, which ends with the loop over it or with the signal. It holds 10,000 events that were not asked for
   * yet; beyond that the oldest go, and `listener.error` says so.
   */
  stream<const Pattern extends EventPattern>(
    pattern: Pattern,
    options: Omit<SubscribeOptions<Matching<Pattern>>, "mode"> = {},
  ): AsyncIterableIterator<HappenedEvent<Matching<Pattern>>> {
    return new EventStream(
      (push) => this.subscribe(pattern, push, options),
      options.signal,
      (missed) =>
        this.#fail(
          `stream of '${pattern}'`,
          pattern,
          new Error(`it is read too slowly: ${missed} events were left out`),
        ),
    );
  }

  /** Stored events, newest first, those of other processes and of earlier ones included. */
  async history<const Pattern extends EventPattern = "*">(
    filter: HistoryFilter & { readonly type?: Pattern | readonly Pattern[] | undefined } = {},
  ): Promise<readonly HappenedEvent<Matching<Pattern>>[]> {
    const { type, subject, run, since, limit = 100 } = filter;
    const { items } = await this.#options.connection.listEvents(
      { types: typesOf(type), subject, run, since: since instanceof Date ? since.getTime() : since },
      { limit },
    );
    return items as readonly HappenedEvent[] as readonly HappenedEvent<Matching<Pattern>>[];
  }

  /** Events as they are stored, whichever process makes them, in order and each once, by asking the backend again and again. */
  follow(options: FollowOptions = {}): AsyncGenerator<EventRecord, void, undefined> {
    return follow(this.#options.connection, options);
  }

  /** For the mutation path: tells what was committed. */
  publish(events: readonly EventRecord[]): void {
    for (const event of events) this.#deliver(event as HappenedEvent);
  }

  /** Tells an event of this process alone, which is not stored. */
  tell<Type extends EventType>(type: Type, subject: string, data: EventMap[Type], run?: RunId): void {
    if (this.#subscriptions.size === 0) return;
    const { clock, actor } = this.#options;
    const id = createId(clock);
    const at = new Date(clock.now()).toISOString();
    const event = { id, type, at, actor, subject, run, correlation: id, data, number: undefined };
    this.#deliver(event as unknown as HappenedEvent);
  }

  #deliver(event: HappenedEvent): void {
    for (const subscription of [...this.#subscriptions]) {
      if (!matches(subscription.pattern, event.type)) continue;
      try {
        const answer = subscription.deliver(event);
        if (answer instanceof Promise)
          answer.catch((error: unknown) => this.#fail(subscription.name, event.type, error));
      } catch (error) {
        this.#fail(subscription.name, event.type, error);
      }
    }
  }

  #fail(listener: string, type: string, error: unknown): void {
    this.#failures++;
    const sentence = error instanceof Error ? error.message : String(error);
    this.#options.warn(`${listener} failed at the event '${type}': ${sentence}`);
    // A subscriber of this very event that fails would be told of its own failure for ever.
    if (type !== "listener.error") this.tell("listener.error", listener, { listener, type, error: sentence });
  }
}

function typesOf(type: string | readonly string[] | undefined): readonly string[] | undefined {
  const types = typeof type === "string" ? [type] : type;
  return types === undefined || types.includes("*") ? undefined : types;
}

/** The part of a connection that a bus asks. */
export type EventSource = Pick<Connection, "listEvents">;
