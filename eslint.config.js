// What the compiler does not refuse and we do: above all promises that nobody waits for.

import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores(["dist/", "dist.*/", "coverage/", "**/.strata/"]),
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-deprecated": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // What was caught as unknown may be thrown on.
      "@typescript-eslint/only-throw-error": ["error", { allowThrowingUnknown: true }],
      "@typescript-eslint/return-await": ["error", "error-handling-correctness-only"],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: "error",
      "no-constant-condition": ["error", { checkLoops: false }],

      // `D extends Dimensions = {}`: "no dimensions" is exactly this type, see "The type {}" in docs/design-notes.md.
      "@typescript-eslint/no-empty-object-type": "off",
      // Ports are asynchronous so that others can be; the memory ones have nothing to wait for.
      "@typescript-eslint/require-await": "off",
      // A definite index is checked by the line before it, which the compiler does not follow.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Numbers in sentences; objects and promises in them stay refused.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true, allowNever: true },
      ],
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: {
      "no-console": "error",
      "@typescript-eslint/no-explicit-any": "error",
      // An array spread into arguments overflows the stack at about 100,000 entries, and graphs are that large.
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.property.name=/^(push|unshift|min|max)$/] > SpreadElement",
          message: "Loop instead: spreading a long array into arguments overflows the stack.",
        },
      ],
    },
  },
  {
    files: ["test/**/*.ts", "examples/**/*.ts", "benchmarks/**/*.ts"],
    rules: {
      // Tests feed wrong types on purpose.
      "@typescript-eslint/no-deprecated": "off",
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    // What is taken apart here are records of functions, which do not know `this`.
    files: ["src/testing/**/*.ts", "test/**/*.ts", "benchmarks/**/*.ts"],
    rules: { "@typescript-eslint/unbound-method": "off" },
  },
);
