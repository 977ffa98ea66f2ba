// Sink: a producer for what it does outside, such as a row in somebody else's database; the receipt it returns is its artifact.

import type { Dimensions } from "../identity/dimension.ts";
import { isPlainRecord, invalid } from "./option.ts";
import type { ParamSchemas } from "./params.ts";
import {
  producer,
  SINK,
  type BuildContext,
  type ManyOutputs,
  type OneOutput,
  type OutputDimensions,
  type Producer,
  type ProducerOptions,
  type Received,
  type Returned,
  type Wired,
  type Wiring,
} from "./producer.ts";

/** What `send` knows besides its inputs. */
export interface SinkContext<OD = Dimensions, Params = {}> extends BuildContext<OD, Params> {
  /**
   * 32 hex characters: the same for the same sink, inputs and partition, in every attempt and after every crash. Give it to whoever is
   * sent to, so that what arrives twice is done once.
   */
  readonly idempotencyKey: string;
}

/** As of a producer, with `send` in place of `build`. */
export interface SinkOptions<Inputs, Outputs, OD, Params = {}> extends Omit<
  ProducerOptions<Inputs, Outputs, OD, Params>,
  "build"
> {
  /**
   * Does what is to be done outside and returns its receipt: at least once for the same inputs, and not again once the receipt is stored.
   */
  readonly send: NoInfer<
    (inputs: Received<Inputs>, context: SinkContext<OD, Params>) => Returned<Outputs> | Promise<Returned<Outputs>>
  >;
}

/**
 * Declares a sink. It is wired, planned and cached like any producer. Errors: those of `producer`.
 *
 * @example
 * const Receipt = artifact({ schema: z.object({ id: z.string() }), partitionBy: { date: daily() } });
 * const post = sink({
 *   name: "post",
 *   version: "1.0.0",
 *   inputs: { spend: DailySpend },
 *   output: Receipt,
 *   send: async ({ spend }, { idempotencyKey }) => ({ id: await api.post(spend, idempotencyKey) }),
 * });
 */
export function sink<
  Inputs extends { readonly [name: string]: unknown },
  Outputs extends object,
  Params extends ParamSchemas = {},
>(
  options: SinkOptions<Inputs, Outputs, OutputDimensions<Outputs>, Params> &
    (OneOutput<Outputs> | ManyOutputs<Outputs>),
): Producer<Wiring<Inputs>, Wired<Outputs>> {
  const given: unknown = options;
  if (!isPlainRecord(given)) invalid("sink", "options are given as one object", "{ name, version, inputs, … }", given);
  const { send, ...rest } = given;
  const where = typeof rest["name"] === "string" ? `sink '${rest["name"]}'` : "sink";
  if (typeof send !== "function")
    invalid(where, "a sink needs a send function", "send: (inputs, context) => receipt", send);
  return producer({ ...rest, build: send, [SINK]: true } as never) as unknown as Producer<
    Wiring<Inputs>,
    Wired<Outputs>
  >;
}
