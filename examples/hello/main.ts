// The smallest whole graph: a list of names goes in, one greeting each comes out, and the second build does nothing.

import { z } from "zod";
import { artifact, graph, literal, producer } from "stratigraph";

const Names = artifact({ schema: z.array(z.string()) });
const Greetings = artifact({ schema: z.array(z.string()) });

const greet = producer({
  name: "greet",
  inputs: { names: Names },
  output: Greetings,
  build: ({ names }) => names.map((name) => `Hello, ${name}!`),
});

const hello = graph("hello", () => {
  const names = Names.from(literal(["Ada", "Grace"]));
  return { names, greetings: greet({ names }) };
});

const first = await hello.build();
console.log(await first.read(hello.artifacts.greetings));
console.log(`${first.result.built} built, ${first.result.reused} reused`);

const second = await hello.build();
console.log(`${second.result.built} built, ${second.result.reused} reused`);
