// Reads a module's syntax: takes it apart into what can be reached, and changed, on its own.

import {
  bodyEvaluation,
  chainRoot,
  evaluationOf,
  instanceEvaluation,
  isFunction,
  type Evaluation,
  type Surroundings,
} from "./evaluation.ts";
import type { Binding, ModuleFacts, ModulePart } from "./module.ts";
import { isFramework, keepers, uncounted } from "./framework.ts";
import {
  declaredIn,
  lexicalNames,
  readingMethods,
  referencesOf,
  variablesIn,
  type Hidden,
  type References,
} from "./references.ts";
import { openGlobal } from "./globals.ts";
import { Lines } from "./lines.ts";
import { shapeDigest } from "./shape.ts";
import { keepsState } from "./state.ts";
import { children, isErased, isNode, keyOf, namesIn, stringOf, unwrapped, type Node } from "./syntax.ts";

/** What is in a module. `program`: its syntax, from which what does not count of artifacts and producers is taken out here. */
export function analyse(program: Node, source: string): ModuleFacts {
  return new Analysis(program, source).facts();
}

interface Draft {
  readonly name: string;
  readonly declares: readonly string[];
  /** What it is made of: all of it counts. */
  readonly nodes: readonly Node[];
  /** Text that counts beside the nodes. */
  readonly kind: string;
}

class Analysis {
  readonly #program: Node;
  readonly #source: string;
  readonly #loads = new Set<string>();
  readonly #imports: Record<string, Binding> = {};
  readonly #exports: Record<string, string | Binding> = {};
  readonly #stars = new Set<string>();
  readonly #drafts: Draft[] = [];
  /** By name, the place of the draft that declares it. */
  readonly #declaredAt = new Map<string, number>();
  readonly #lines: Lines;
  #isModule = false;

  constructor(program: Node, source: string) {
    this.#program = program;
    this.#source = source;
    this.#lines = new Lines(source);
  }

  facts(): ModuleFacts {
    const statements = this.#program["body"] as readonly Node[];
    for (const statement of statements) this.#statement(statement);
    // First, because a producer is found by its name, which its fingerprint holds elsewhere.
    const producers = this.#producers();
    stripUncounted(this.#program, this.#imports);
    const all = referencesOf([this.#program]);
    const { modules, files } = all;
    const hidden = this.#hiddenIn(all);
    const around: Surroundings = {
      declared: new Set([...Object.keys(this.#imports), ...this.#drafts.flatMap(({ declares }) => declares)]),
      keeps: (name) => this.#keeps(name),
    };
    const commonjs = !this.#isModule && all.names.some((name) => /^(module|exports|require)(\.|$)/.test(name));
    const parts = commonjs ? [] : this.#drafts.map((draft) => this.#part(draft, around));
    return {
      digest: shapeDigest([this.#program], this.#source),
      whole: commonjs ? "commonjs" : undefined,
      loads: [...this.#loads],
      imports: this.#imports,
      exports: this.#exports,
      stars: [...this.#stars],
      parts,
      producers: commonjs ? {} : producers,
      methods: methodsIn(this.#program, around),
      modules,
      files,
      hidden,
    };
  }

  #statement(node: Node): void {
    if (/^(Import|Export|TSImportEquals|TSExport)/.test(node.type)) this.#isModule = true;
    if (isErased(node)) return;
    switch (node.type) {
      case "ImportDeclaration":
        return this.#import(node);
      case "ExportAllDeclaration": {
        const from = this.#load(node["source"] as Node);
        if (isNode(node["exported"])) this.#exports[nameOf(node["exported"])] = { from, name: "*" };
        else this.#stars.add(from);
        return;
      }
      case "ExportNamedDeclaration":
        return this.#exportNamed(node);
      case "ExportDefaultDeclaration": {
        const declaration = unwrapped(node["declaration"] as Node);
        if (isErased(declaration)) return;
        const name = isNode(declaration["id"]) ? nameOf(declaration["id"]) : undefined;
        this.#exports["default"] = name ?? "default";
        if (name !== undefined && /Declaration$/.test(declaration.type)) this.#declare(declaration);
        else this.#drafts.push({ name: "default", declares: ["default"], nodes: [declaration], kind: "default" });
        return;
      }
      case "TSImportEqualsDeclaration":
        return this.#importEquals(node);
      case "TSExportAssignment":
        this.#exports["default"] = "export =";
        this.#drafts.push({ name: "export =", declares: ["export ="], nodes: [node], kind: "default" });
        return;
      default:
        this.#declare(node);
    }
  }

  #import(node: Node): void {
    const specifiers = (node["specifiers"] as readonly Node[] | null) ?? [];
    const values = specifiers.filter((one) => !isErased(one));
    // An import of types alone is gone when the program runs; one of nothing is there for what the module does.
    if (specifiers.length > 0 && values.length === 0) return;
    const from = this.#load(node["source"] as Node);
    for (const one of values) {
      const local = nameOf(one["local"] as Node);
      const name =
        one.type === "ImportNamespaceSpecifier"
          ? "*"
          : one.type === "ImportDefaultSpecifier"
            ? "default"
            : nameOf(one["imported"] as Node);
      this.#imports[local] = { from, name };
    }
  }

  #importEquals(node: Node): void {
    const reference = node["moduleReference"] as Node;
    const local = nameOf(node["id"] as Node);
    if (reference.type === "TSExternalModuleReference") {
      this.#imports[local] = { from: this.#load(reference["expression"] as Node), name: "*" };
    } else this.#drafts.push({ name: local, declares: [local], nodes: [node], kind: "alias" });
  }

  #exportNamed(node: Node): void {
    const declaration = node["declaration"];
    if (isNode(declaration)) {
      if (isErased(declaration)) return;
      for (const name of [...lexicalNames(declaration), ...variablesIn(declaration)]) this.#exports[name] = name;
      return this.#declare(declaration);
    }
    const specifiers = (node["specifiers"] as readonly Node[]).filter((one) => !isErased(one));
    if (!isNode(node["source"])) {
      for (const one of specifiers) this.#exports[nameOf(one["exported"] as Node)] = nameOf(one["local"] as Node);
      return;
    }
    if (specifiers.length === 0 && (node["specifiers"] as readonly Node[]).length > 0) return;
    const from = this.#load(node["source"]);
    for (const one of specifiers) {
      this.#exports[nameOf(one["exported"] as Node)] = { from, name: nameOf(one["local"] as Node) };
    }
  }

  #declare(node: Node): void {
    if (node.type === "VariableDeclaration") {
      for (const declarator of node["declarations"] as readonly Node[]) {
        const declares = [...namesIn(declarator["id"] as Node)];
        const kind = String(node["kind"]);
        this.#add({ name: declares.join(", "), declares, nodes: [declarator], kind });
      }
      return;
    }
    const names = [...lexicalNames(node)];
    if (names.length > 0) {
      this.#add({ name: names.join(", "), declares: names, nodes: [node], kind: "declaration" });
    } else {
      this.#drafts.push({ name: "top level", declares: [...variablesIn(node)], nodes: [node], kind: "statement" });
    }
  }

  /** What is declared twice is one thing: a class and the namespace of its name, two halves of an enum. */
  #add(draft: Draft): void {
    const at = draft.declares.map((name) => this.#declaredAt.get(name)).find((known) => known !== undefined);
    const place = at ?? this.#drafts.length;
    const { name, declares, nodes, kind } = this.#drafts[place] ?? { ...draft, declares: [], nodes: [] };
    const all = [...new Set([...declares, ...draft.declares])];
    this.#drafts[place] = { name, declares: all, nodes: [...nodes, ...draft.nodes], kind };
    for (const one of all) this.#declaredAt.set(one, place);
  }

  #load(source: Node): string {
    const from = stringOf(source)!;
    this.#loads.add(from);
    return from;
  }

  #keeps(name: string): boolean {
    const binding = this.#imports[name];
    return binding !== undefined && isFramework(binding.from) && keepers(binding);
  }

  /** `createRequire` counts under whatever name it was imported. */
  #hiddenIn({ hidden, names }: References): Hidden | undefined {
    return hidden ?? (names.some((one) => this.#imports[one]?.name === "createRequire") ? "module" : undefined);
  }

  #opens(references: References, { declared }: Surroundings): string | undefined {
    const global = openGlobal(references, declared);
    if (global !== undefined) return `'${global}'`;
    if (references.prototypes) return "a prototype";
    const [module] = references.modules;
    if (module !== undefined) return `import("${module}")`;
    return this.#hiddenIn(references) === undefined ? undefined : "code that nobody can follow";
  }

  #part({ name, declares, nodes, kind }: Draft, around: Surroundings): ModulePart {
    const references = referencesOf(nodes);
    const { names, writes, modules, files, assigned, handed } = references;
    const [node] = nodes as readonly [Node, ...Node[]];
    const value = node.type === "VariableDeclarator" && isNode(node["init"]) ? unwrapped(node["init"]) : node;
    const own = new Set(declares);
    const isClass = /^Class/.test(value.type);
    return {
      name,
      declares,
      digest: shapeDigest(nodes, this.#source, kind),
      names: names.filter((one) => !own.has(one.split(".")[0]!)),
      // `if (…) { var x = 1; }`, where x may have been declared before.
      writes: kind === "statement" ? [...new Set([...writes, ...own])] : writes.filter((one) => !own.has(one)),
      modules,
      files,
      hidden: this.#hiddenIn(references),
      line: this.#lines.of(node.start),
      // What is declared twice is a namespace, too.
      keeps: nodes.length > 1 || keepsState(value, kind),
      environment: references.environment,
      opens: this.#opens(references, around),
      exposed: [...new Set([...assigned, ...handed])].filter((one) => Object.hasOwn(this.#imports, one)),
      ...evaluationOf(nodes, around),
      isClass,
      called: isClass
        ? instanceEvaluation(value, around)
        : isFunction(value)
          ? bodyEvaluation(value, around)
          : undefined,
      made: isFunction(value) || isParsed(value) ? undefined : chainRoot(value),
    };
  }

  /**
   * The calls that declare producers, by the name they give. None at all where one of them cannot be followed: what it declares could be
   * taken for another one.
   */
  #producers(): Record<string, number> {
    const calls = new ProducerCalls(this.#imports);
    calls.visit(this.#program);
    const found: Record<string, number> = {};
    if (calls.loose) return found;
    for (const [name, options] of calls.found) {
      if (options === undefined) continue;
      found[name] = this.#drafts.length;
      this.#drafts.push({ name: `producer '${name}'`, declares: [], nodes: [options], kind: "producer" });
    }
    return found;
  }
}

/** Finds `producer({ name: "…", … })` where nothing around it but the module's own names can be seen from inside. */
class ProducerCalls {
  /** Options by name; `undefined` for a name that comes twice, or whose code sees more. */
  readonly found = new Map<string, Node | undefined>();
  loose = false;
  readonly #imports: Readonly<Record<string, Binding>>;
  readonly #scopes: ReadonlySet<string>[] = [];

  constructor(imports: Readonly<Record<string, Binding>>) {
    this.#imports = imports;
  }

  visit(given: Node): void {
    const node = unwrapped(given);
    if (isErased(node) || node.type === "ImportDeclaration") return;
    if (node.type === "CallExpression" && this.#isProducer(unwrapped(node["callee"] as Node))) {
      this.#call(node);
      for (const argument of node["arguments"] as readonly Node[]) this.visit(argument);
      return;
    }
    // Given to somebody else, who calls it with what cannot be seen here.
    if (this.#isProducer(node)) this.loose = true;
    if (node.type === "ExportNamedDeclaration" && !isNode(node["declaration"])) return;
    this.#scopes.push(new Set(declaredIn(node)));
    for (const child of children(node)) if (!isLabel(node, child)) this.visit(child);
    this.#scopes.pop();
  }

  #isProducer(node: Node): boolean {
    if (node.type === "Identifier") return this.#names(node["name"] as string, "producer");
    if (node.type !== "MemberExpression" || keyOf(node) !== "producer") return false;
    const object = unwrapped(node["object"] as Node);
    return object.type === "Identifier" && this.#names(object["name"] as string, "*");
  }

  #names(local: string, name: string): boolean {
    const binding = this.#imports[local];
    return binding?.name === name && binding.from === "stratigraph" && !this.#scopes.some((scope) => scope.has(local));
  }

  #call(node: Node): void {
    const [first] = node["arguments"] as readonly Node[];
    const options = first === undefined ? undefined : unwrapped(first);
    const name = options === undefined ? undefined : literalName(options);
    if (name === undefined) {
      this.loose = true;
      return;
    }
    const seen = referencesOf([options!]).names.map((one) => one.split(".")[0]!);
    const sealed = !seen.some((one) => this.#scopes.some((scope) => scope.has(one))) && !seesThis(options!);
    this.found.set(name, this.found.has(name) || !sealed ? undefined : options);
  }
}

/** Functions that are given the name of a method which is taken to change nothing. */
function methodsIn(node: Node, around: Surroundings): ModuleFacts["methods"] {
  const found: (Evaluation & { name: string })[] = [];
  const visit = (one: Node): void => {
    const [holder, value] =
      one.type === "AssignmentExpression" ? [one["left"] as Node, one["right"]] : [one, one["value"]];
    if (/^(MemberExpression|MethodDefinition|Property|PropertyDefinition)$/.test(holder.type) && isNode(value)) {
      const name = keyOf(holder);
      const called = unwrapped(value);
      if (name !== undefined && readingMethods.has(name) && isFunction(called)) {
        found.push({ name, ...bodyEvaluation(called, around) });
      }
    }
    for (const child of children(one)) visit(child);
  };
  visit(node);
  return found;
}

/** Whether a value is data that a schema let through, or that a snapshot holds: those are not frozen as schemas are. */
function isParsed(given: Node): boolean {
  const node = unwrapped(given);
  if (/^(Await|Chain)Expression$/.test(node.type)) return isParsed((node["argument"] ?? node["expression"]) as Node);
  if (node.type === "MemberExpression") return isParsed(node["object"] as Node);
  if (node.type !== "CallExpression") return false;
  const callee = unwrapped(node["callee"] as Node);
  if (callee.type !== "MemberExpression") return false;
  return /^(read|(safe)?(decode|encode|parse)(Async)?)$/i.test(keyOf(callee) ?? "") || isParsed(callee);
}

/** Whether a child is the name of a member, which refers to nothing. */
function isLabel(node: Node, child: Node): boolean {
  return (
    node["computed"] !== true &&
    (child === node["key"] || (node.type === "MemberExpression" && child === node["property"]))
  );
}

/** The name in a producer's options, where it is written there and nothing can take its place. */
function literalName(options: Node): string | undefined {
  if (options.type !== "ObjectExpression") return undefined;
  let name: string | undefined;
  for (const property of options["properties"] as readonly Node[]) {
    if (property.type === "SpreadElement") name = undefined;
    else if (property["computed"] === true) return undefined;
    else if (keyOf(property) === "name") name = stringOf(property["value"]);
  }
  return name;
}

/** Whether `this` or `arguments` of the outside is used in it. */
function seesThis(node: Node): boolean {
  if (node.type === "ThisExpression" || node.type === "Super") return true;
  if (node.type === "MetaProperty") return (node["meta"] as Node)["name"] === "new";
  if (node.type === "Identifier") return node["name"] === "arguments";
  if (/^(Function|Class)/.test(node.type)) return false;
  return [...children(node)].some((child) => seesThis(child));
}

/** Takes out of the syntax what counts for nothing in an artifact or a producer: descriptions, places, retries. */
function stripUncounted(node: Node, imports: Readonly<Record<string, Binding>>): void {
  if (node.type === "CallExpression") {
    const callee = unwrapped(node["callee"] as Node);
    const binding = callee.type === "Identifier" ? imports[callee["name"] as string] : undefined;
    const names = binding?.from === "stratigraph" ? uncounted[binding.name] : undefined;
    const [first] = node["arguments"] as readonly Node[];
    if (names !== undefined && first?.type === "ObjectExpression") {
      const options = first as Node & { properties: Node[] };
      options.properties = options.properties.filter(
        (property) => property.type !== "Property" || property["computed"] === true || !names.has(keyOf(property)!),
      );
    }
  }
  for (const child of children(node)) stripUncounted(child, imports);
}

function nameOf(node: Node): string {
  return (node["name"] ?? node["value"]) as string;
}
