import tseslint from "typescript-eslint";

/** Time and chance come through the World: these globals are for the live World alone. */
const worldOnly = [
  ["Date", "now", "world.now()"],
  ["Math", "random", "world.random()"],
].map(([object, property, instead]) => ({ object, property, message: `Use ${instead}.` }));

export default tseslint.config(
  { ignores: ["node_modules", "coverage", "types", "docs/example"] },
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts", "**/*.tsx"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["server/**/*.ts", "agent/**/*.ts", "simulator/**/*.ts", "shared/**/*.ts"],
    // The live World itself, and the one place where the virtual one lets Node drain its microtasks.
    // Programs for the browser have the browser's.
    ignores: ["shared/live-*.ts", "simulator/virtual/scheduler.ts", "**/web/**"],
    rules: {
      "no-restricted-properties": ["error", ...worldOnly],
      "no-restricted-globals": [
        "error",
        ...["setTimeout", "setInterval", "setImmediate", "fetch"].map((name) => ({
          name,
          message: "Time and the network come through the World.",
        })),
      ],
    },
  },
);
